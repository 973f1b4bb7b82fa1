/* Small parts of the processor state that several files need. */
#ifndef X86_CONTEXT_H
#define X86_CONTEXT_H

#include "lib/types.h"
#include "x86/cpu.h"

struct domain;
struct guest_callback;
struct vcpu;

/* CR4 bits that a guest may choose, and those of them that the processor is told. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_OSXSAVE)
#define CR4_GUEST_REAL (CR4_TSD | CR4_DE)
/* Bits that a guest sees set whatever it does. */
#define CR4_GUEST_SHOWN (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* DS, ES, FS, GS as they are loaded now. */
void read_selectors(uint16_t selectors[4]);

/* Loads `selector` into GS with the base of its descriptor; false (and null loaded) where the
 * processor refuses. The base of the guest's present mode changes: callers SWAPGS around it. */
bool load_gs_selector(uint16_t selector);

/* Makes this CPU's CR4 what the running vCPU wants. */
void load_guest_cr4(const struct vcpu *v);

/* A selector that the kernel of a guest names for itself: in a 32-bit guest never one of ring 0,
 * where the descriptors are Ringfort's; 64-bit kernels run in ring 3. */
static inline uint16_t kernel_selector(bool is_compat, uint16_t selector)
{
    if (!is_compat)
        return selector | 3;
    return selector & 3 ? selector : selector | 1;
}

/* Entry points of a guest kernel as they come in hypercalls and contexts: the address, and above it
 * in those of a 32-bit guest the selector (hypercall/compat_structs.h). `masks_events` stays. */
bool entry_point_ok(const struct domain *d, uint64_t entry);
void entry_point_set(const struct domain *d, struct guest_callback *cb, uint64_t entry);
uint64_t entry_point_get(const struct domain *d, const struct guest_callback *cb);

/* What RFLAGS becomes of a guest's wish: IF on, IOPL 0, no VM. */
uint64_t guest_flags(uint64_t wanted);

#endif
