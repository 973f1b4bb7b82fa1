/* Exceptions that are the machine's. For the traps*.c files. */
#ifndef X86_TRAPS_OWN_H
#define X86_TRAPS_OWN_H

#include "lib/abi.h"

/* An NMI, whoever was interrupted: Domain0 gets it, if the chipset gives a reason. Takes no lock.
 */
void nonmaskable_interrupt(void);

/* A machine check: says so and stops. */
void machine_check(const struct cpu_user_regs *regs) __attribute__((noreturn));

#endif
