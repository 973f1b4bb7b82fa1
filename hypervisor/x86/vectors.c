/* Vector tables. Per CPU, because 174 vectors for a whole machine are fewer than one with many
 * MSI-X devices needs. */
#include "x86/vectors.h"

#include "lib/assert.h"
#include "x86/cpu.h"

#define DEVICE_VECTORS (VEC_LAST_DEVICE - VEC_FIRST_DEVICE + 1)

/* Entries hold the interrupt's number plus one; 0 is a free vector. */
static struct {
    uint16_t irq[DEVICE_VECTORS];
    uint8_t next; /* where the search for a free one begins */
} CACHE_ALIGNED tables[MAX_CPUS];

static bool is_reserved(uint8_t vector)
{
    return vector == VEC_LINUX_SYSCALL || vector == VEC_HYPERCALL;
}

uint8_t vector_alloc(unsigned cpu, uint16_t irq)
{
    assert(cpu < MAX_CPUS && irq != NO_IRQ);
    for (unsigned i = 0; i < DEVICE_VECTORS; i++) {
        unsigned slot = (tables[cpu].next + i) % DEVICE_VECTORS;

        if (tables[cpu].irq[slot] || is_reserved(VEC_FIRST_DEVICE + slot))
            continue;
        tables[cpu].next = (slot + 1) % DEVICE_VECTORS;
        WRITE_ONCE(tables[cpu].irq[slot], irq + 1);
        return VEC_FIRST_DEVICE + slot;
    }
    return 0;
}

void vector_free(unsigned cpu, uint8_t vector)
{
    if (vector)
        WRITE_ONCE(tables[cpu].irq[vector - VEC_FIRST_DEVICE], 0);
}

uint16_t vector_irq(unsigned cpu, uint8_t vector)
{
    if (vector < VEC_FIRST_DEVICE || vector > VEC_LAST_DEVICE)
        return NO_IRQ;
    return READ_ONCE(tables[cpu].irq[vector - VEC_FIRST_DEVICE]) - 1;
}
