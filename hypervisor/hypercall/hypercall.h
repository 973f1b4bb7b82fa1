/* Dispatch, restart and batches of hypercalls (SOSP'03 3.1). */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include "lib/abi.h"

#include "lib/types.h"

/* No hypercall takes more; the ABI's batches carry one more slot that nothing uses. */
#define HYPERCALL_MAX_ARGS 5

/* Runs the hypercall that `regs` names; result in regs->rax, or regs made to repeat it. Called by
 * handle_guest_syscall (64-bit) and the int 0x82 path (32-bit). */
void hypercall_dispatch(struct cpu_user_regs *regs);

/* Runs hypercall `op` of `current` with HYPERCALL_MAX_ARGS arguments at `args`: its result, -ENOSYS
 * when there is none or not for the guest's width, -EPERM when it is Domain0's, -ERESTART when it
 * wants to be called again. */
long hypercall_call(unsigned op, const uint64_t *args);

/*
 * The restart rule: an operation that was cut short at an element boundary calls this with the
 * arguments it wants next time and returns what this returns (-ERESTART). The guest re-executes the
 * instruction with those arguments after pending work and events; inside a multicall the entry's
 * arguments are rewritten in guest memory instead. Every re-entry treats them as untrusted.
 * An operation that returns -ERESTART without it is repeated with the arguments it had.
 */
#define hypercall_restart(op, nargs, ...)                                                          \
    hypercall_restart_with((op), (nargs), (const uint64_t[]){__VA_ARGS__})
long hypercall_restart_with(unsigned op, unsigned nargs, const uint64_t *args);

/* True for calls whose result is a register of the guest's: -ERESTART from them means nothing. */
static inline bool hypercall_gives_guest_value(uint64_t op)
{
    return op == __HYPERVISOR_iret || op == __HYPERVISOR_get_debugreg;
}

/* Names the entry of a multicall that `current` runs, for hypercall_restart; NULL: no multicall. */
void multicall_set_entry(struct multicall_entry *entry);

/* Hypercalls implemented in hypercall/ and control/. */
long do_multicall(uint64_t list, unsigned count);
long do_xen_version(int cmd, uint64_t arg);
long do_console_io(int cmd, int count, uint64_t buffer);
long do_platform_op(uint64_t arg);
long do_sysctl(uint64_t arg);
long do_domctl(uint64_t arg);
long do_mca(uint64_t arg);
long do_vcpu_op(int cmd, unsigned vcpuid, uint64_t arg);
long do_sched_op(int cmd, uint64_t arg);
long do_sched_op_compat(int cmd, uint64_t arg);
long do_set_timer_op(int64_t timeout);
long do_ringfort_op(unsigned op, uint64_t arg);
long do_grant_table_op(unsigned cmd, uint64_t uop, unsigned count);

/* The ABI's name of hypercall `op`, "?" for one that is not in the list. */
const char *hypercall_name(unsigned op);

/* Prints the names of the last hypercalls of `cpu`, at most eight; for panic messages. */
void hypercall_print_recent(unsigned cpu);

#endif
