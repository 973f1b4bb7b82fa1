/* Memory maps in the BIOS's E820 form: the machine's for Domain0, and what the toolstack sets. */
#include "boot/boot.h"
#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "memory/reservation.h"
#include "x86/current.h"

/* More than any BIOS reports, few enough to be copied at one go. */
#define MAP_MAX 128

/* One entry as INT 15h AX=E820h has it: 20 bytes, no padding. */
struct e820entry {
    uint64_t base, size;
    uint32_t type;
} __attribute__((packed));

/* Answers a map request with `count` entries; as many as the caller has room for. */
static long map_answer(uint64_t arg, const struct e820entry *entries, unsigned count)
{
    struct xen_memory_map map;

    if (!struct_from_guest(&map, arg, xen_memory_map))
        return refuse(-EFAULT);
    count = MIN(count, map.nr_entries);
    if (!guest_range_ok(handle_addr(map.buffer), count * sizeof(entries[0])) ||
        !copy_to_guest(handle_addr(map.buffer), entries, count * sizeof(entries[0])))
        return refuse(-EFAULT);
    map.nr_entries = count;
    return struct_to_guest(arg, &map, xen_memory_map) ? 0 : refuse(-EFAULT);
}

long memory_map_get(uint64_t arg)
{
    struct domain *d = current->domain;
    struct e820entry *copy = zalloc(MAP_MAX * sizeof(*copy));
    unsigned count;
    long rc;

    if (!copy)
        return -ENOMEM;
    /* The controller may exchange the map at any time; a guest fault may not happen under a lock.
     */
    spin_lock(&d->lock);
    count = d->e820_entries;
    if (count)
        memcpy(copy, d->e820, count * sizeof(*copy));
    spin_unlock(&d->lock);
    rc = count ? map_answer(arg, copy, count) : -ENOSYS;
    zfree(copy);
    return rc;
}

long memory_map_machine(uint64_t arg)
{
    unsigned count = boot_info.region_count;
    struct xen_memory_map map;
    struct e820entry *entries;
    long rc;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);
    if (!struct_from_guest(&map, arg, xen_memory_map))
        return refuse(-EFAULT);
    if (handle_addr(map.buffer) == 0) {
        map.nr_entries = count;
        return struct_to_guest(arg, &map, xen_memory_map) ? 0 : refuse(-EFAULT);
    }
    entries = zalloc(count * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++)
        entries[i] = (struct e820entry){
            .base = boot_info.regions[i].base,
            .size = boot_info.regions[i].size,
            .type = boot_info.regions[i].type,
        };
    rc = map_answer(arg, entries, count);
    zfree(entries);
    return rc;
}

long memory_map_set(uint64_t arg)
{
    struct xen_foreign_memory_map set;
    struct e820entry *entries, *old;
    struct domain *d;
    size_t bytes;

    if (!struct_from_guest(&set, arg, xen_foreign_memory_map))
        return refuse(-EFAULT);
    if (set.map.nr_entries == 0 || set.map.nr_entries > MAP_MAX)
        return refuse(-EINVAL);
    d = domain_get_foreign(set.domid);
    if (!d)
        return refuse(current->domain->is_privileged ? -ESRCH : -EPERM);
    bytes = set.map.nr_entries * sizeof(*entries);
    entries = zalloc(bytes);
    if (!entries || !copy_from_guest(entries, handle_addr(set.map.buffer), bytes)) {
        domain_put(d);
        zfree(entries);
        return refuse(entries ? -EFAULT : -ENOMEM);
    }
    spin_lock(&d->lock);
    old = d->e820;
    d->e820 = entries;
    d->e820_entries = set.map.nr_entries;
    spin_unlock(&d->lock);
    zfree(old);
    domain_put(d);
    return 0;
}
