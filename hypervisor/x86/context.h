/* Small parts of the processor state that several files need. */
#ifndef X86_CONTEXT_H
#define X86_CONTEXT_H

#include "lib/types.h"

/* DS, ES, FS, GS as they are loaded now. */
void read_selectors(uint16_t selectors[4]);

/* Loads `selector` into GS with the base of its descriptor; false (and null loaded) where the
 * processor refuses. The base of the guest's present mode changes: callers SWAPGS around it. */
bool load_gs_selector(uint16_t selector);

/* What RFLAGS becomes of a guest's wish: IF on, IOPL 0, no VM. */
uint64_t guest_flags(uint64_t wanted);

#endif
