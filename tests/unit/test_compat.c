/* sources: tests/host/panic.c hypervisor/hypercall/compat.c hypervisor/hypercall/compat_args.c */
/* libs: ../../build/host/gen/compat_samples.o */
/* Arguments of 32-bit guests: each structure there and back, against what the compiler makes of the
 * same values for 32 bits; lists of words; pairs of registers. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"

#define ENTRY(narrow_cs, narrow_eip, wide, cs, eip) .wide = (uint64_t)(cs) << 32 | (eip)
#define SAMPLE(s, ...)                                                                             \
    extern const unsigned char narrow_##s[];                                                       \
    extern const uint32_t narrow_##s##_size;                                                       \
    static const struct s wide_##s = {__VA_ARGS__};

#include "compat_samples.h"

#define GUEST 0x80000000u /* guest address of guest_memory */

struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;

static struct domain domain = {.is_compat = true};
static struct vcpu vcpu = {.domain = &domain};
static unsigned char guest_memory[4096];
static unsigned reads;

static bool in_memory(uint64_t va, size_t n)
{
    return va >= GUEST && va + n <= GUEST + sizeof(guest_memory);
}

bool copy_from_guest(void *dst, uint64_t va, size_t n)
{
    if (!in_memory(va, n))
        return false;
    reads++;
    memcpy(dst, guest_memory + (va - GUEST), n);
    return true;
}

bool copy_to_guest(uint64_t va, const void *src, size_t n)
{
    if (!in_memory(va, n))
        return false;
    memcpy(guest_memory + (va - GUEST), src, n);
    return true;
}

/* The buffers are exactly as large as they must be, so that the sanitizer sees a byte too many. */
static void there_and_back(enum compat_struct s, const void *narrow, size_t narrow_size,
                           const void *wide, size_t wide_size)
{
    unsigned char *w = malloc(wide_size), *n = malloc(narrow_size);

    CHECK_EQ(compat_size(s), narrow_size);
    memset(w, 0xa5, wide_size);
    memset(n, 0xa5, narrow_size);
    compat_widen(w, narrow, s);
    CHECK(memcmp(w, wide, wide_size) == 0);
    compat_narrow(n, wide, s);
    CHECK(memcmp(n, narrow, narrow_size) == 0);
    free(w);
    free(n);
}

static void every_structure(void)
{
#undef SAMPLE
#define SAMPLE(s, ...)                                                                             \
    there_and_back(COMPAT_##s, narrow_##s, narrow_##s##_size, &wide_##s, sizeof(wide_##s));
#include "compat_samples.h"
}

/* A structure without a sample would go untested. */
static void every_structure_has_a_sample(void)
{
    static const enum compat_struct sampled[] = {
#undef SAMPLE
#define SAMPLE(s, ...) COMPAT_##s,
#include "compat_samples.h"
    };
    unsigned listed = 0;

#define COUNT(s) listed++;
    COMPAT_STRUCTS(COUNT)
    CHECK_EQ(ARRAY_SIZE(sampled), listed);
}

static void through_guest_memory(void)
{
    struct sched_poll poll;
    struct gnttab_copy copy;
    uint64_t end = GUEST + sizeof(guest_memory);

    memcpy(guest_memory, narrow_sched_poll, narrow_sched_poll_size);
    reads = 0;
    CHECK(struct_from_guest(&poll, GUEST, sched_poll));
    CHECK_EQ(reads, 1);
    CHECK(memcmp(&poll, &wide_sched_poll, sizeof(poll)) == 0);
    CHECK(struct_to_guest(end - narrow_gnttab_copy_size, &wide_gnttab_copy, gnttab_copy));
    CHECK(struct_from_guest(&copy, end - narrow_gnttab_copy_size, gnttab_copy));
    CHECK(memcmp(&copy, &wide_gnttab_copy, sizeof(copy)) == 0);
    CHECK(!struct_from_guest(&poll, end - narrow_sched_poll_size + 1, sched_poll));
    CHECK(!struct_to_guest(end - narrow_gnttab_copy_size + 1, &copy, gnttab_copy));

    CHECK_EQ(guest_sizeof(multicall_entry), 32);
    CHECK_EQ(guest_offsetof(multicall_entry, result), 4);
    CHECK_EQ(guest_offsetof(vcpu_runstate_info, state_entry_time), 4);
    CHECK_EQ(guest_offsetof(gnttab_copy, status), 20);
    CHECK_EQ(guest_offsetof(xen_memory_exchange, nr_exchanged), 40);
}

static void wide_guests_are_left_alone(void)
{
    struct sched_poll poll;

    domain.is_compat = false;
    memcpy(guest_memory, &wide_sched_poll, sizeof(wide_sched_poll));
    CHECK(struct_from_guest(&poll, GUEST, sched_poll));
    CHECK(memcmp(&poll, &wide_sched_poll, sizeof(poll)) == 0);
    CHECK_EQ(guest_sizeof(sched_poll), sizeof(struct sched_poll));
    CHECK_EQ(guest_offsetof(sched_poll, timeout), offsetof(struct sched_poll, timeout));
    CHECK_EQ(word_size(), 8);
    domain.is_compat = true;
}

static void words(void)
{
    const uint32_t list[3] = {0x80000001, 0x80000002, 0xffffffff};
    const uint64_t out[2] = {0x90000001, 0x190000002};
    uint64_t *in = malloc(sizeof(uint64_t) * 3);
    uint32_t back[3];

    memset(guest_memory, 0, sizeof(guest_memory));
    memcpy(guest_memory, list, sizeof(list));
    CHECK(words_from_guest(in, GUEST, 3));
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(in[i], list[i]);
    CHECK(words_from_guest(in, GUEST, 0));
    CHECK(!words_from_guest(in, GUEST + sizeof(guest_memory) - 8, 3));
    CHECK(words_to_guest(GUEST + 4, out, 2));
    memcpy(back, guest_memory, sizeof(back));
    CHECK_EQ(back[0], list[0]);
    CHECK_EQ(back[1], 0x90000001);
    CHECK_EQ(back[2], 0x90000002);
    CHECK(!words_to_guest(GUEST + sizeof(guest_memory) - 4, out, 2));
    free(in);
}

static void args_are(const uint64_t *args, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    CHECK_EQ(args[0], a);
    CHECK_EQ(args[1], b);
    CHECK_EQ(args[2], c);
    CHECK_EQ(args[3], d);
}

static void register_pairs(void)
{
    const uint64_t passed[HYPERCALL_MAX_ARGS] = {0x80000001, 0x80000002, 0x80000003, 0x80000004,
                                                 0x80000005};
    uint64_t args[HYPERCALL_MAX_ARGS];

#define JOIN(op, ...)                                                                              \
    memcpy(args, passed, sizeof(args));                                                            \
    compat_args_join(__HYPERVISOR_##op, args);                                                     \
    args_are(args, __VA_ARGS__)

    JOIN(set_timer_op, 0x8000000280000001, 0x80000002, 0x80000003, 0x80000004);
    JOIN(update_descriptor, 0x8000000280000001, 0x8000000480000003, 0x80000003, 0x80000004);
    JOIN(set_callbacks, 0x8000000180000002, 0x8000000380000004, 0, 0x80000004);
    JOIN(mmu_update, 0x80000001, 0x80000002, 0x80000003, 0x80000004);
    JOIN(update_va_mapping_otherdomain, 0x80000001, 0x8000000380000002, 0x80000004, 0x80000005);
    CHECK_EQ(compat_args_split(__HYPERVISOR_update_va_mapping_otherdomain, 4, args), 5);
    CHECK(memcmp(args, passed, sizeof(args)) == 0);
    JOIN(update_va_mapping, 0x80000001, 0x8000000380000002, 0x80000004, 0x80000005);
    args[4] = 7; /* no argument */
    CHECK_EQ(compat_args_split(__HYPERVISOR_update_va_mapping, 3, args), 4);
    CHECK(memcmp(args, passed, 4 * sizeof(args[0])) == 0);
    CHECK_EQ(args[4], 7);
    CHECK_EQ(compat_args_split(__HYPERVISOR_memory_op, 2, args), 2);
}

int main(void)
{
    host_current = &vcpu;
    every_structure();
    every_structure_has_a_sample();
    through_guest_memory();
    wide_guests_are_left_alone();
    words();
    register_pairs();
    return check_report();
}
