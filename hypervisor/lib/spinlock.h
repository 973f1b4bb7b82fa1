/*
 * Ticket spinlocks. Interrupts: a lock that an interrupt handler takes is taken with the _irqsave
 * forms everywhere; all others are taken with interrupts in whatever state they are.
 *
 * Order: that of enum lock_class, outermost first; debug builds check it.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/types.h"

enum lock_class {
    LOCK_DOMCTL, /* domain list, creation and destruction */
    LOCK_TRACE,  /* the trace's rings, held with interrupts on */
    LOCK_DOMAIN, /* one domain's own state */
    LOCK_PAGING, /* one domain's page tables */
    LOCK_GRANT,
    LOCK_EVENT,
    LOCK_DOMAIN_PAGES, /* one domain's list of frames and its counts */
    LOCK_DIRTY_LOG,    /* one domain's log of dirty frames */
    LOCK_FRAMES,       /* frame allocator */
    LOCK_HEAP,
    LOCK_DOMAIN_TABLE, /* id to domain */
    LOCK_SMP, /* held with interrupts on: the locks that their handlers take come behind it */
    LOCK_RUNQUEUE,
    LOCK_TIMER,
    LOCK_IRQ,
    LOCK_CONSOLE,
    LOCK_CLASSES
};

typedef struct {
    uint16_t next, serving;
    uint8_t class;
    int16_t holder; /* CPU, -1 when free; kept in debug builds only */
} spinlock_t;

#define SPINLOCK_INIT(c)                                                                           \
    {                                                                                              \
        .next = 0, .serving = 0, .class = (c), .holder = -1                                        \
    }

/* Makes a free lock of memory that was none. */
void spin_init(spinlock_t *l, enum lock_class class);
/* Waits its turn. Debug builds panic when the order above is broken, or the holder comes again. */
void spin_lock(spinlock_t *l);
/* False when somebody has it: nobody waits. */
bool spin_trylock(spinlock_t *l);
void spin_unlock(spinlock_t *l);

/* Returns the interrupt flag as it was, for spin_unlock_irqrestore. */
unsigned long spin_lock_irqsave(spinlock_t *l);
void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags);

/* True when this CPU holds the lock (always true in release builds: for assertions only). */
bool spin_held(const spinlock_t *l);

#endif
