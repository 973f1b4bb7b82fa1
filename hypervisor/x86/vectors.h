/* Which interrupt a vector stands for, CPU by CPU. Pure. */
#ifndef X86_VECTORS_H
#define X86_VECTORS_H

#include "lib/types.h"

#define NO_IRQ 0xffffu

/* Gives `irq` (not NO_IRQ) a free device vector on `cpu`: 0x30..0xdf less the two that guests use.
 * Vectors are taken round robin, so that one given back rests before it stands for something else.
 * Returns the vector, or 0 when all are taken. Takes no lock: callers serialize changes. */
uint8_t vector_alloc(unsigned cpu, uint16_t irq);

/* Gives a vector back; 0 is allowed. */
void vector_free(unsigned cpu, uint8_t vector);

/* The interrupt behind a vector of `cpu`, NO_IRQ when there is none. Safe against changes. */
uint16_t vector_irq(unsigned cpu, uint8_t vector);

#endif
