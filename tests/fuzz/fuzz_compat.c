/* sources: tests/host/panic.c hypervisor/hypercall/compat.c hypervisor/hypercall/compat_args.c */
/* Structures and arguments of 32-bit guests: any bytes, in any structure, come back as they were;
 * nothing is written beside the structure; arguments of a restart are those that were passed. */
#include <stdlib.h>
#include <string.h>

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"

struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;

bool copy_from_guest(void *dst, uint64_t va, size_t n)
{
    return false;
}

bool copy_to_guest(uint64_t va, const void *src, size_t n)
{
    return false;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Buffers of exactly the sizes, for the sanitizer; what one width has and the other has not is zero
 * after one turn, and a second one changes nothing. */
static void structure(enum compat_struct s, size_t wide_size, const uint8_t *data, size_t size)
{
    size_t narrow_size = compat_size(s);
    uint8_t *narrow = calloc(1, narrow_size), *wide = malloc(wide_size);
    uint8_t *once = malloc(narrow_size), *twice = malloc(wide_size);

    memcpy(narrow, data, MIN(size, narrow_size));
    compat_widen(wide, narrow, s);
    compat_narrow(once, wide, s);
    for (size_t i = 0; i < narrow_size; i++)
        must(once[i] == narrow[i] || once[i] == 0);
    compat_widen(twice, once, s);
    must(memcmp(wide, twice, wide_size) == 0);
    free(narrow);
    free(wide);
    free(once);
    free(twice);
}

static void arguments(const uint8_t *data, size_t size)
{
    static const unsigned ops[] = {__HYPERVISOR_update_va_mapping,
                                   __HYPERVISOR_update_va_mapping_otherdomain,
                                   __HYPERVISOR_memory_op, __HYPERVISOR_mmu_update};
    static const unsigned counts[] = {3, 4, 2, 4}, passed[] = {4, 5, 2, 4};
    uint64_t args[HYPERCALL_MAX_ARGS] = {0}, before[HYPERCALL_MAX_ARGS];
    uint32_t words[HYPERCALL_MAX_ARGS] = {0};

    memcpy(words, data, MIN(size, sizeof(words)));
    for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
        for (unsigned a = 0; a < HYPERCALL_MAX_ARGS; a++)
            before[a] = args[a] = words[a];
        compat_args_join(ops[i], args);
        must(compat_args_split(ops[i], counts[i], args) == passed[i]);
        must(memcmp(args, before, passed[i] * sizeof(args[0])) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t sizes[] = {
#define SIZE(s) sizeof(struct s),
        COMPAT_STRUCTS(SIZE)};
    unsigned s;

    if (size < 1)
        return 0;
    s = data[0] % ARRAY_SIZE(sizes);
    structure((enum compat_struct)s, sizes[s], data + 1, size - 1);
    arguments(data + 1, size - 1);
    return 0;
}
