/* Control transfer of 32-bit guests, whose kernels run in ring 1. */
#ifndef X86_BOUNCE_COMPAT_H
#define X86_BOUNCE_COMPAT_H

#include "lib/abi.h"

#include "lib/types.h"

struct vcpu;

/* As the bounces of x86/bounce.h. `extra` (of `extra_count`
 * words, low to high) goes below eip. */
void bounce_compat(struct vcpu *v, uint16_t cs, uint32_t address, bool masks_events,
                   const uint64_t *extra, unsigned extra_count);

/* The iret hypercall: `regs` of `v`, which is current, become those that its frame asks for. */
void compat_iret(struct vcpu *v, struct cpu_user_regs *regs);

#endif
