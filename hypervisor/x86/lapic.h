/* The parts of x86/lapic that only interrupt code uses; the rest is in x86/irq.h. */
#ifndef X86_LAPIC_H
#define X86_LAPIC_H

#include "lib/types.h"

/* Boot CPU, after time_init: chooses xAPIC or x2APIC, turns the APIC on, calibrates its timer.
 * Panics when there is none. */
void lapic_init(void);

/* The page of the APIC's registers, which no guest may map. */
mfn_t lapic_page(void);

#endif
