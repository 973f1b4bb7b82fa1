/* Both forms number bits alike, as x86 stores words with their lowest byte first. */
#include "control/tools_bitmap.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"

int cpumask_to_tools(struct xenctl_bitmap *to, const cpumask_t *from)
{
    uint64_t at = handle_addr(to->bitmap);
    uint64_t bytes = ((uint64_t)to->nr_bits + 7) / 8;
    uint64_t known = MIN(bytes, sizeof(*from));
    cpumask_t set = *from;

    if (!at || !bytes)
        return 0;
    /* The last byte may reach past the bits that the caller asked for. */
    if (to->nr_bits < MAX_CPUS)
        for (unsigned cpu = to->nr_bits; cpu < MAX_CPUS; cpu++)
            bit_clear(set.bits, cpu);
    if (!copy_to_guest(at, set.bits, known))
        return refuse(-EFAULT);
    if (bytes > known && !clear_guest(at + known, MIN(bytes - known, PAGE_SIZE)))
        return refuse(-EFAULT);
    return 0;
}

int cpumask_from_tools(cpumask_t *to, const struct xenctl_bitmap *from)
{
    uint64_t bytes = ((uint64_t)from->nr_bits + 7) / 8;
    uint64_t at = handle_addr(from->bitmap);

    *to = (cpumask_t){{0}};
    if (!copy_from_guest(to->bits, at, MIN(bytes, sizeof(*to))))
        return refuse(-EFAULT);
    for (unsigned cpu = from->nr_bits; cpu < MAX_CPUS; cpu++)
        bit_clear(to->bits, cpu);
    return 0;
}
