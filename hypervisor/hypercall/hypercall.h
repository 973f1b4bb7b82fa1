/* Dispatch, restart and batches of hypercalls (SOSP'03 3.1). */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include "lib/abi.h"

#include "lib/types.h"

/* Runs the hypercall that `regs` names; result in regs->rax, or regs made to repeat it. Called by
 * handle_guest_syscall (64-bit) and the int 0x82 path (32-bit). */
void hypercall_dispatch(struct cpu_user_regs *regs);

/*
 * The restart rule: an operation that was cut short at an element boundary calls this with the
 * arguments it wants next time and returns what this returns (-ERESTART). The guest re-executes the
 * instruction with those arguments after pending work and events; inside a multicall the entry's
 * arguments are rewritten in guest memory instead. Every re-entry treats them as untrusted.
 */
long hypercall_restart(unsigned op, unsigned nargs, ...);

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
long do_set_timer_op(int64_t timeout);
long do_grant_table_op(unsigned cmd, uint64_t uop, unsigned count);

const char *hypercall_name(unsigned op);

#endif
