/* Ticket locks, with the order check of debug builds. */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/spinlock.h"
#include "x86/cpu.h"
#include "x86/current.h"

/* How many locks of each class each CPU holds; debug builds only. */
static uint8_t held[MAX_CPUS][LOCK_CLASSES];

/* Whoever holds a lock of the first classes may wait for other CPUs to answer a call: one that
 * waits for it with interrupts off would never answer. While Ringfort starts nobody else is there.
 */
static void check_interrupts(const spinlock_t *l)
{
    const struct vcpu *v = current;

    if (RINGFORT_DEBUG && l->class <= LOCK_SMP && v && !v->is_idle && !irq_enabled())
        panic("lock class %u taken with interrupts off", l->class);
}

static void note_taken(spinlock_t *l)
{
    unsigned cpu = this_cpu();

    if (!RINGFORT_DEBUG)
        return;
    for (unsigned c = l->class + 1; c < LOCK_CLASSES; c++)
        if (held[cpu][c])
            panic("lock order: class %u taken while class %u is held", l->class, c);
    l->holder = (int16_t)cpu;
    held[cpu][l->class]++;
}

static void note_released(spinlock_t *l)
{
    if (!RINGFORT_DEBUG)
        return;
    assert(l->holder == (int)this_cpu());
    l->holder = -1;
    held[this_cpu()][l->class]--;
}

void spin_init(spinlock_t *l, enum lock_class class)
{
    *l = (spinlock_t)SPINLOCK_INIT(class);
}

static void take(spinlock_t *l)
{
    uint16_t ticket = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_relax();
    note_taken(l);
}

void spin_lock(spinlock_t *l)
{
    check_interrupts(l);
    take(l);
}

bool spin_trylock(spinlock_t *l)
{
    uint16_t ticket = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);
    uint16_t want = ticket;

    if (!__atomic_compare_exchange_n(&l->next, &want, ticket + 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    if (RINGFORT_DEBUG) {
        /* A lock that is only tried cannot deadlock, so its order is free. */
        l->holder = (int16_t)this_cpu();
        held[this_cpu()][l->class]++;
    }
    return true;
}

void spin_unlock(spinlock_t *l)
{
    note_released(l);
    __atomic_store_n(&l->serving, l->serving + 1, __ATOMIC_RELEASE);
}

unsigned long spin_lock_irqsave(spinlock_t *l)
{
    unsigned long flags = irq_save();

    take(l);
    return flags;
}

void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    irq_restore(flags);
}

bool spin_held(const spinlock_t *l)
{
    return !RINGFORT_DEBUG || l->holder == (int)this_cpu();
}
