/* Debug registers of guests: breakpoints on their own addresses only. Pure checks, and the switch.
 */
#ifndef X86_DEBUGREG_H
#define X86_DEBUGREG_H

#include "lib/types.h"

struct vcpu;

#define DR6_RESET 0xffff0ff0UL
#define DR7_RESET 0x400UL
#define DR7_ENABLED 0xffUL /* any local or global enable bit */
#define DR6_TRAPS 0xe00fUL /* B0-B3, BD, BS, BT */

/* What DR7 becomes of a guest's value: reserved bits as the processor wants them, no general
 * detect, nothing enabled of what cannot be allowed. -EINVAL for I/O breakpoints without CR4.DE. */
int debugreg_filter_dr7(uint64_t value, uint64_t cr4, uint64_t *out);

/* Loads the debug registers of a vCPU, or switches them off if it uses none. */
void debugreg_load(const struct vcpu *v);

/* True when `v` has breakpoints enabled. */
bool debugreg_active(const struct vcpu *v);

#endif
