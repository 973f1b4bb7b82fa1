/* Handing control to a guest kernel's entry points. */
#ifndef X86_BOUNCE_H
#define X86_BOUNCE_H

#include "lib/abi.h"

#include "domain/domain.h"
#include "lib/types.h"
#include "x86/cpu.h"

struct guest_callback;

/* Flags that a handler starts without: what applications choose must not work on in their kernel.
 * AC because of SMAP in the guest's own idea; DF as kernels have it in the processor's SYSCALL mask
 * and do not clear it again, so that their string instructions would run backwards. */
#define HANDLER_CLEARS                                                                             \
    (RFLAGS_TF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

/* Between kernel and user mode of the running vCPU: GS base and base pointer follow. Leaves
 * interrupts off: only for the last steps before an exit. */
void toggle_mode(struct vcpu *v);

/* All of these change guest_regs() of `v`, which is current, so that it goes on in the handler, on
 * its kernel stack with the ABI's frame. If the stack cannot be written the domain is crashed. */

/* SYSCALL, SYSENTER, or an event upcall; cb->address must not be 0. */
void bounce_callback(struct vcpu *v, const struct guest_callback *cb);
/* INT n by the guest's own choice: never an error code. False: its table does not allow it. */
bool bounce_software_interrupt(struct vcpu *v, uint8_t vector);
/* The failsafe callback, with the segment registers as they should have been (DS, ES, FS, GS). */
void bounce_failsafe(struct vcpu *v, const uint16_t selectors[4]);
/* True when bounce_pending() has something to look at: on every way out, so it is short. */
static inline bool bounce_due(const struct vcpu *v)
{
    return unlikely(v->arch.segments_lost | v->arch.mce_pending | v->arch.nmi_pending) ||
           event_deliverable(v->event.info);
}
/* Delivers the most urgent of what is pending (lost segments, NMI, machine check, events); true
 * when it is to be called again, as events may come on top. */
bool bounce_pending(struct vcpu *v);
/* True when an NMI would be delivered: the vCPU must not sleep. */
bool bounce_nmi_due(const struct vcpu *v);

#endif
