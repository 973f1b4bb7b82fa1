/* Small parts of the processor state that several files need. */
#ifndef X86_CONTEXT_H
#define X86_CONTEXT_H

#include "lib/types.h"
#include "x86/cpu.h"

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

/* What RFLAGS becomes of a guest's wish: IF on, IOPL 0, no VM. */
uint64_t guest_flags(uint64_t wanted);

#endif
