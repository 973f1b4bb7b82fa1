/* Privileged instructions of guests, carried out on their behalf. */
#ifndef X86_PRIVOP_H
#define X86_PRIVOP_H

#include "lib/abi.h"

#include "lib/types.h"

struct vcpu;

/* The instruction at regs->rip of `v`, which is current, raised #GP(0). True when it has been dealt
 * with (carried out, or another fault delivered); false: deliver the #GP. Interrupts are on. */
bool privop_emulate(struct vcpu *v, struct cpu_user_regs *regs);

/* True when the #UD at regs->rip is the ABI's prefix before CPUID, and that has been carried out.
 */
bool privop_forced_cpuid(struct vcpu *v, struct cpu_user_regs *regs);

#endif
