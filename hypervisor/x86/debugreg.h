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

/* What the processor is told of a DR7 that was let through: no I/O breakpoints (SDM vol. 3, 17.2.4:
 * two enable bits each from bit 0, four of kind and length each from bit 16). A guest's IN and OUT
 * are emulated and never get to one; those of Ringfort would, in its NMI handler too, whose end a
 * #DB brings forward. */
static inline uint64_t debugreg_real_dr7(uint64_t dr7)
{
    for (unsigned i = 0; i < 4; i++)
        if ((dr7 >> (16 + 4 * i) & 3) == 2)
            dr7 &= ~(UINT64_C(3) << 2 * i);
    return dr7;
}

/* Loads the debug registers of a vCPU, or switches them off if it uses none. */
void debugreg_load(const struct vcpu *v);

/* True when `v` has breakpoints enabled. */
bool debugreg_active(const struct vcpu *v);

#endif
