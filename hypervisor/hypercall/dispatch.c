/*
 * From a hypercall's number to the function that carries it out. The list becomes one `switch` of
 * direct calls: the compiler checks each argument, and a guest's number never indexes a table of
 * pointers, in speculation either.
 */
#include "hypercall/hypercall.h"

#include <xen/arch-x86/xen-mca.h>

#include "control/trace.h"
#include "domain/domain.h"
#include "event/event.h"
#include "hypercall/compat.h"
#include "hypercall/list.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/memory_op.h"
#include "memory/mmu.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "time/timer.h"
#include "x86/irq.h"

/* Each CPU's last eight hypercall numbers, one byte each, the newest lowest: keeping this costs a
 * shift and a store, and each CPU has a cache line to itself. */
static struct {
    CACHE_ALIGNED uint64_t ops;
} recent[MAX_CPUS];

#define ARGS_0(a)
#define ARGS_1(a) (a)[0]
#define ARGS_2(a) (a)[0], (a)[1]
#define ARGS_3(a) (a)[0], (a)[1], (a)[2]
#define ARGS_4(a) (a)[0], (a)[1], (a)[2], (a)[3]

#define SERVES_B(d) true
#define SERVES_64(d) (!(d)->is_compat)

#define PERMITS_ANY(d) true
#define PERMITS_DOM0(d) ((d)->is_privileged)

long hypercall_call(unsigned op, const uint64_t *args)
{
    const struct domain *d = current->domain;
    uint64_t joined[HYPERCALL_MAX_ARGS];

    if (unlikely(d->is_compat)) {
        memcpy(joined, args, sizeof(joined));
        compat_args_join(op, joined);
        args = joined;
    }
    switch (op) {
#define CALL(name, nargs, widths, who)                                                             \
    case __HYPERVISOR_##name:                                                                      \
        if (!SERVES_##widths(d))                                                                   \
            return refuse(-ENOSYS);                                                                \
        if (!PERMITS_##who(d))                                                                     \
            return refuse(-EPERM);                                                                 \
        return (long)do_##name(ARGS_##nargs(args));
        HYPERCALL_LIST(CALL)
#undef CALL
    default:
        return refuse(-ENOSYS);
    }
}

/* The result, which for calls that give the guest a value of its own has no meaning. */
static inline __attribute__((always_inline)) long dispatch(struct cpu_user_regs *regs)
{
    uint64_t args[HYPERCALL_MAX_ARGS];
    unsigned op = (uint32_t)regs->rax;
    uint64_t *ops = &recent[this_cpu()].ops;
    struct vcpu *v = current;
    long result;

    *ops = *ops << 8 | (op & 0xff);
    v->arch.last_hypercall = op;
    /* The commonest call, without arguments; its result is any value that the guest's RAX had. */
    if (likely(op == __HYPERVISOR_iret)) {
        regs->rax = (uint64_t)do_iret();
        return 0;
    }
    if (likely(!v->domain->is_compat)) {
        args[0] = regs->rdi;
        args[1] = regs->rsi;
        args[2] = regs->rdx;
        args[3] = regs->r10;
        args[4] = regs->r8;
    } else {
        /* Upper halves are the processor's leftovers, not the guest's. */
        args[0] = (uint32_t)regs->rbx;
        args[1] = (uint32_t)regs->rcx;
        args[2] = (uint32_t)regs->rdx;
        args[3] = (uint32_t)regs->rsi;
        args[4] = (uint32_t)regs->rdi;
    }

    result = hypercall_call(op, args);

    /* SYSCALL and INT $0x82 are both two bytes long. */
    if (unlikely(result == -ERESTART) && !hypercall_gives_guest_value(op))
        regs->rip -= 2;
    else
        regs->rax = (uint64_t)result;
    return result;
}

static void __attribute__((noinline)) dispatch_traced(struct cpu_user_regs *regs)
{
    uint64_t op = MIN((uint32_t)regs->rax, UINT16_MAX);
    nsec_t begin = now();
    long result = dispatch(regs);
    uint64_t took = (uint64_t)(now() - begin);

    trace_record(RINGFORT_EVENT_HYPERCALL, current, op << 48 | MIN(took, UINT64_MAX >> 16),
                 (uint64_t)result);
}

/* A copy for each case: what is hottest pays one test for the trace. */
void hypercall_dispatch(struct cpu_user_regs *regs)
{
    if (trace_on(RINGFORT_TRACE_HYPERCALL))
        dispatch_traced(regs);
    else
        dispatch(regs);
}

const char *hypercall_name(unsigned op)
{
    switch (op) {
#define NAME(name, nargs, widths, who)                                                             \
    case __HYPERVISOR_##name:                                                                      \
        return #name;
        HYPERCALL_LIST(NAME)
#undef NAME
    default:
        return "?";
    }
}

void hypercall_print_recent(unsigned cpu)
{
    char line[256];
    int n = 0;

    line[0] = '\0';
    for (uint64_t ops = recent[cpu].ops; ops && n < (int)sizeof(line) - 1; ops >>= 8)
        n += format(line + n, sizeof(line) - n, " %s", hypercall_name(ops & 0xff));
    log_err("CPU %u hypercalls, newest first:%s", cpu, line);
}
