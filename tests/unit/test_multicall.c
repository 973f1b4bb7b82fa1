/* sources: tests/host/panic.c hypervisor/hypercall/multicall.c hypervisor/hypercall/restart.c hypervisor/hypercall/compat.c hypervisor/hypercall/compat_args.c */
/* Batches: results, preemption between and inside entries, what a batch may not hold. */
#include <string.h>

#include "check.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"

#define OP_ADD 200   /* result: first argument plus second */
#define OP_STEP 201  /* restarts with the first argument lowered, until it is 0 */
#define OP_AGAIN 202 /* wants to be repeated as it was */

struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;

static struct domain domain;
static struct vcpu vcpu = {.domain = &domain};
static unsigned preempt_in, calls;

bool preempt_needed(void)
{
    return preempt_in && --preempt_in == 0;
}

bool guest_range_ok(uint64_t va, size_t n)
{
    return va + n >= va && va + n <= UINT64_C(1) << 47;
}

bool copy_from_guest(void *dst, uint64_t va, size_t n)
{
    if (!va)
        return false;
    memcpy(dst, (const void *)va, n);
    return true;
}

bool copy_to_guest(uint64_t va, const void *src, size_t n)
{
    memcpy((void *)va, src, n);
    return true;
}

long hypercall_call(unsigned op, const uint64_t *args)
{
    calls++;
    switch (op) {
    case OP_ADD:
        return (long)(args[0] + args[1]);
    case OP_STEP:
        return args[0] ? hypercall_restart(OP_STEP, 2, args[0] - 1, args[1]) : 42;
    case OP_AGAIN:
        return -ERESTART;
    default:
        return -ENOSYS;
    }
}

static void reset(void)
{
    host_current = &vcpu;
    memset(&host_regs, 0, sizeof(host_regs));
    preempt_in = calls = 0;
}

static struct multicall_entry entry(unsigned long op, uint64_t a, uint64_t b)
{
    return (struct multicall_entry){.op = op, .result = 0xdead, .args = {a, b}};
}

static void test_results(void)
{
    struct multicall_entry list[] = {
        entry(OP_ADD, 2, 3),
        entry(__HYPERVISOR_multicall, 0, 0),
        entry(__HYPERVISOR_iret, 0, 0),
        entry(OP_ADD | 1UL << 40, 2, 3),
        entry(OP_ADD, 5, 6),
    };

    reset();
    CHECK_EQ(do_multicall((uint64_t)list, ARRAY_SIZE(list)), 0);
    CHECK_EQ(list[0].result, 5);
    CHECK_EQ(list[1].result, -EINVAL);
    CHECK_EQ(list[2].result, -EINVAL);
    CHECK_EQ(list[3].result, -ENOSYS);
    CHECK_EQ(list[4].result, 11);
    CHECK_EQ(calls, 2);
    CHECK_EQ(do_multicall(0, 1), -EFAULT);
    CHECK_EQ(do_multicall((UINT64_C(1) << 47) - 64, 2), -EFAULT);
    CHECK_EQ(do_multicall((uint64_t)list, 0), 0);
}

/* Cut between two entries: the rest of the list, by registers. */
static void test_cut_between(void)
{
    struct multicall_entry list[] = {entry(OP_ADD, 1, 1), entry(OP_ADD, 2, 2), entry(OP_ADD, 3, 3)};

    reset();
    preempt_in = 2;
    CHECK_EQ(do_multicall((uint64_t)list, 3), -ERESTART);
    CHECK_EQ(host_regs.rax, __HYPERVISOR_multicall);
    CHECK_EQ(host_regs.rdi, (uint64_t)&list[2]);
    CHECK_EQ(host_regs.rsi, 1);
    CHECK_EQ(list[2].result, 0xdead);
    CHECK_EQ(do_multicall(host_regs.rdi, (unsigned)host_regs.rsi), 0);
    CHECK_EQ(list[2].result, 6);
    CHECK_EQ(calls, 3);
}

/* Cut inside an entry: its progress is in the entry, the batch's in registers. */
static void test_cut_inside(void)
{
    struct multicall_entry list[] = {entry(OP_ADD, 1, 1), entry(OP_STEP, 2, 7),
                                     entry(OP_ADD, 3, 3)};

    reset();
    CHECK_EQ(do_multicall((uint64_t)list, 3), -ERESTART);
    CHECK_EQ(list[1].args[0], 1);
    CHECK_EQ(list[1].args[1], 7);
    CHECK_EQ(host_regs.rdi, (uint64_t)&list[1]);
    CHECK_EQ(host_regs.rsi, 2);
    CHECK_EQ(do_multicall(host_regs.rdi, (unsigned)host_regs.rsi), -ERESTART);
    CHECK_EQ(list[1].args[0], 0);
    CHECK_EQ(do_multicall(host_regs.rdi, (unsigned)host_regs.rsi), 0);
    CHECK_EQ(list[1].result, 42);
    CHECK_EQ(list[2].result, 6);

    list[0] = entry(OP_AGAIN, 9, 8);
    CHECK_EQ(do_multicall((uint64_t)list, 1), -ERESTART);
    CHECK_EQ(list[0].op, OP_AGAIN);
    CHECK_EQ(list[0].args[0], 9);
}

/* Outside a batch the registers of the guest's width take the arguments. */
static void test_registers(void)
{
    reset();
    CHECK_EQ(hypercall_restart(7, 3, 11, 12, 13), -ERESTART);
    CHECK_EQ(host_regs.rax, 7);
    CHECK_EQ(host_regs.rdi, 11);
    CHECK_EQ(host_regs.rsi, 12);
    CHECK_EQ(host_regs.rdx, 13);
    CHECK_EQ(host_regs.r10, 0);
    domain.is_compat = true;
    CHECK_EQ(hypercall_restart(8, 2, 21, 22), -ERESTART);
    CHECK_EQ(host_regs.rbx, 21);
    CHECK_EQ(host_regs.rcx, 22);
    CHECK_EQ(host_regs.rdi, 11);
    domain.is_compat = false;
}

/* A 32-bit guest's entries are 32 bytes, and the batch goes on by its registers. */
static void test_narrow(void)
{
    struct narrow_entry {
        uint32_t op, result, args[6];
    } list[] = {
        {OP_ADD, 0xdead, {0x80000001, 2}},
        {OP_STEP, 0xdead, {1, 7, 8, 9, 10, 11}},
        {__HYPERVISOR_multicall, 0xdead, {0}},
    };

    reset();
    domain.is_compat = true;
    CHECK_EQ(do_multicall((uint64_t)list, 3), -ERESTART);
    CHECK_EQ(list[0].result, 0x80000003);
    CHECK_EQ(list[1].args[0], 0);
    CHECK_EQ(list[1].args[5], 11);
    CHECK_EQ(host_regs.rax, __HYPERVISOR_multicall);
    CHECK_EQ(host_regs.rbx, (uint64_t)&list[1]);
    CHECK_EQ(host_regs.rcx, 2);
    CHECK_EQ(do_multicall(host_regs.rbx, (unsigned)host_regs.rcx), 0);
    CHECK_EQ(list[1].result, 42);
    CHECK_EQ(list[2].result, (uint32_t)-EINVAL);
    CHECK_EQ(list[2].op, __HYPERVISOR_multicall);
    domain.is_compat = false;
}

int main(void)
{
    test_results();
    test_cut_between();
    test_cut_inside();
    test_registers();
    test_narrow();
    return check_report();
}
