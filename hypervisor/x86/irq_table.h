/* Every physical interrupt: one entry each, its number being the pirq that Domain0 knows it by. */
#ifndef X86_IRQ_TABLE_H
#define X86_IRQ_TABLE_H

#include "lib/spinlock.h"
#include "lib/types.h"
#include "x86/msi.h"

struct domain;

enum irq_kind {
    IRQ_FREE,     /* MSI numbers that nobody has; GSIs that no I/O APIC has */
    IRQ_RESERVED, /* given out by get_free_pirq, not yet an interrupt */
    IRQ_GSI,
    IRQ_MSI,
};

struct irq {
    spinlock_t lock; /* LOCK_IRQ, irqsave; all fields below */
    enum irq_kind kind;
    bool mapped;            /* by PHYSDEVOP_map_pirq */
    bool is_console;        /* Ringfort's own */
    bool configured;        /* PHYSDEVOP_setup_gsi has spoken */
    bool level, active_low; /* GSIs; an MSI is an edge */
    bool masked;
    bool in_service;       /* level: masked until the guest has dealt with it */
    struct domain *domain; /* bound to this domain's port, NULL: unbound */
    uint32_t port;
    uint8_t vector;     /* on `cpu`; 0: none yet */
    uint8_t old_vector; /* on `old_cpu`: where it came until it last moved */
    unsigned cpu, old_cpu;
    uint64_t count;
    struct msi msi;
};

/* Entry `number`, or NULL past nr_pirqs(). Entries exist for ever. */
struct irq *irq_entry(unsigned number);

/* Under irq->lock. Gives the interrupt a vector on `cpu` (on the boot CPU, when `cpu` has an APIC
 * id that devices cannot name; on any, when this is its first and `cpu` has none left): 0 or
 * -ENOSPC. One it has on another CPU stays valid until the first interrupt by the new one, for what
 * is already on its way. The caller then writes it out by irq_program(). */
int irq_assign(struct irq *irq, unsigned cpu);
/* Under irq->lock. Gives its vectors back. */
void irq_release(struct irq *irq);
/* Under irq->lock. Writes vector, destination and mask to the I/O APIC or the device. */
void irq_program(struct irq *irq);
/* Under irq->lock. */
void irq_set_masked(struct irq *irq, bool masked);

/* Masks both 8259s and stops the PIT's first channel. Boot. */
void irq_silence_legacy(void);

#endif
