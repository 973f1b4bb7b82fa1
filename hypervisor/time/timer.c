/* Per-CPU timer heaps over the local APIC's one-shot timer. */
#include "control/console.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "schedule/cap.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "time/timer.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"
#include "x86/smp.h"

#include <xen/sched.h>

struct timer_cpu {
    spinlock_t lock; /* LOCK_TIMER; taken with interrupts off */
    struct heap heap;
    nsec_t armed_for;         /* what the APIC is set to; INT64_MAX: nothing */
    struct timer *firing;     /* taken off the heap, its owner not yet done with it */
    unsigned long interrupts; /* of the APIC's timer */
    unsigned long own;        /* of these, such as no guest's timer had asked for */
    unsigned long unanswered; /* not looked into by timer_run_expired() */
} CACHE_ALIGNED;

static struct timer_cpu timer_cpus[MAX_CPUS];

/* Sets this CPU's APIC for the first expiry, unless it is set right already. Lock held. */
static void program(struct timer_cpu *tc)
{
    struct heap_node *first = heap_first(&tc->heap);
    nsec_t at = first ? first->key : INT64_MAX;

    if (at == tc->armed_for)
        return;
    tc->armed_for = at;
    if (at == INT64_MAX) {
        lapic_timer_arm(0);
    } else {
        nsec_t t = now();

        lapic_timer_arm(at > t ? at - t : 1);
    }
}

void timer_init_cpu(void)
{
    struct timer_cpu *tc = &timer_cpus[this_cpu()];

    spin_init(&tc->lock, LOCK_TIMER);
    tc->armed_for = INT64_MAX;
}

void timer_init(struct timer *t, enum timer_kind kind, void *owner, unsigned cpu)
{
    *t = (struct timer){.kind = kind, .owner = owner, .cpu = cpu};
}

/* Locks the heap `t` belongs to now; timer_migrate may be moving it. */
static struct timer_cpu *lock_timer(struct timer *t, unsigned long *flags)
{
    for (;;) {
        unsigned cpu = READ_ONCE(t->cpu);
        struct timer_cpu *tc = &timer_cpus[cpu];

        *flags = spin_lock_irqsave(&tc->lock);
        if (t->cpu == cpu)
            return tc;
        spin_unlock_irqrestore(&tc->lock, *flags);
    }
}

/* A changed heap wants its own CPU to look: directly here, by work elsewhere. */
static void reprogram(struct timer_cpu *tc)
{
    unsigned cpu = (unsigned)(tc - timer_cpus);
    struct heap_node *first = heap_first(&tc->heap);

    if (cpu == this_cpu())
        program(tc);
    else if (first && first->key < tc->armed_for)
        work_raise(cpu, WORK_TIMER);
}

void timer_set(struct timer *t, nsec_t at)
{
    unsigned long flags;
    struct timer_cpu *tc = lock_timer(t, &flags);

    if (heap_contains(&t->node))
        heap_remove(&tc->heap, &t->node);
    if (!t->dead)
        heap_insert(&tc->heap, &t->node, MAX(at, 0)); /* keys may not be far apart */
    reprogram(tc);
    spin_unlock_irqrestore(&tc->lock, flags);
}

void timer_stop(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *tc = lock_timer(t, &flags);

    /* The APIC stays set: an early interrupt finds nothing expired and sets it anew, which is
     * cheaper than programming it at every stop. */
    if (heap_contains(&t->node))
        heap_remove(&tc->heap, &t->node);
    spin_unlock_irqrestore(&tc->lock, flags);
}

void timer_kill(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *tc = lock_timer(t, &flags);
    unsigned cpu;

    t->dead = true;
    if (heap_contains(&t->node))
        heap_remove(&tc->heap, &t->node);
    spin_unlock_irqrestore(&tc->lock, flags);
    /* On any: it may have moved since it began to fire. */
    for_each_cpu (cpu, &cpus_online)
        while (__atomic_load_n(&timer_cpus[cpu].firing, __ATOMIC_ACQUIRE) == t)
            cpu_relax();
}

void timer_migrate(struct timer *t, unsigned cpu)
{
    unsigned long flags;
    struct timer_cpu *tc = lock_timer(t, &flags);
    bool was_armed = heap_contains(&t->node);
    nsec_t at = t->node.key;

    if (was_armed)
        heap_remove(&tc->heap, &t->node);
    WRITE_ONCE(t->cpu, cpu);
    spin_unlock_irqrestore(&tc->lock, flags);
    if (was_armed)
        timer_set(t, at);
}

bool timer_armed(const struct timer *t)
{
    return heap_contains(&t->node);
}

static void timer_fire(struct timer *t)
{
    switch (t->kind) {
    case TIMER_VCPU_SINGLESHOT:
        vcpu_singleshot_fired(t->owner);
        break;
    case TIMER_VCPU_PERIODIC:
        vcpu_periodic_fired(t->owner);
        break;
    case TIMER_VCPU_ALARM:
        vcpu_alarm_fired(t->owner);
        break;
    case TIMER_VCPU_POLL:
        vcpu_unblock(t->owner);
        break;
    case TIMER_SLICE:
        work_raise(this_cpu(), WORK_SCHEDULE);
        break;
    case TIMER_DOMAIN_WATCHDOG:
        domain_shutdown(t->owner, SHUTDOWN_watchdog);
        break;
    case TIMER_DOMAIN_CAP:
        cap_timer_fired(t->owner);
        break;
    case TIMER_CONSOLE_POLL:
        console_interrupt();
        break;
    }
}

/* Whether a guest has set it, as against what Ringfort does for itself. */
static bool is_guests(const struct timer *t)
{
    switch (t->kind) {
    case TIMER_SLICE:
    case TIMER_DOMAIN_CAP:
    case TIMER_CONSOLE_POLL:
        return false;
    default:
        return true;
    }
}

void timer_run_expired(void)
{
    struct timer_cpu *tc = &timer_cpus[this_cpu()];
    bool for_guest = false;
    unsigned long flags = spin_lock_irqsave(&tc->lock);
    struct heap_node *first;

    /* Whatever the APIC was set to has passed or is stale. */
    tc->armed_for = INT64_MAX;
    while ((first = heap_first(&tc->heap)) && first->key <= now()) {
        heap_remove(&tc->heap, first);
        tc->firing = container_of(first, struct timer, node);
        for_guest |= is_guests(tc->firing);
        spin_unlock_irqrestore(&tc->lock, flags);
        timer_fire(tc->firing);
        __atomic_store_n(&tc->firing, NULL, __ATOMIC_RELEASE);
        flags = spin_lock_irqsave(&tc->lock);
    }
    if (!for_guest)
        tc->own += tc->unanswered;
    tc->unanswered = 0;
    program(tc);
    spin_unlock_irqrestore(&tc->lock, flags);
}

/* Interrupts are off. */
void timer_interrupt(void)
{
    struct timer_cpu *tc = &timer_cpus[this_cpu()];

    tc->interrupts++;
    tc->unanswered++;
    work_raise(this_cpu(), WORK_TIMER);
}

void timer_dump(void)
{
    unsigned cpu;

    for_each_cpu (cpu, &cpus_online) {
        struct timer_cpu *tc = &timer_cpus[cpu];
        unsigned long flags = spin_lock_irqsave(&tc->lock);
        struct heap_node *first = heap_first(&tc->heap);
        nsec_t left = first ? first->key - now() : 0;
        unsigned long interrupts = tc->interrupts, own = tc->own;

        spin_unlock_irqrestore(&tc->lock, flags);
        if (first)
            log_err("CPU %u: %lu timer interrupts, %lu of Ringfort's own, next in %ld us", cpu,
                    interrupts, own, left / NSEC_PER_USEC);
        else
            log_err("CPU %u: %lu timer interrupts, %lu of Ringfort's own, none to come", cpu,
                    interrupts, own);
    }
}
