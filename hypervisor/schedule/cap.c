#include "schedule/cap.h"

#include "domain/domain.h"
#include "schedule/schedule.h"

/* The shortest slice for the sake of a cap; less would cost more than it corrects. */
#define SHORTEST (50 * NSEC_PER_USEC)
/* Periods whose share is kept when it was not used, for instance as a timer or a turn came late. */
#define CARRIED 5
/* Debts are never that old. */
#define PERIODS_MAX (1 << 20)

static nsec_t quota(const struct sched_domain *s)
{
    return CAP_PERIOD / 100 * READ_ONCE(s->cap);
}

/* Begins the period that `at` lies in, if nobody has yet. */
static void refill(struct sched_domain *s, nsec_t at)
{
    nsec_t ends = READ_ONCE(s->cap_ends), periods, left, filled;

    if (at < ends)
        return;
    periods = (at - ends) / CAP_PERIOD + 1;
    if (!__atomic_compare_exchange_n(&s->cap_ends, &ends, ends + periods * CAP_PERIOD, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    left = READ_ONCE(s->cap_left);
    do
        filled = MIN(left + MIN(periods, PERIODS_MAX) * quota(s), CARRIED * quota(s));
    while (!__atomic_compare_exchange_n(&s->cap_left, &left, filled, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
}

void cap_charge(struct domain *d, nsec_t ran, nsec_t at)
{
    if (likely(!READ_ONCE(d->sched.cap)))
        return;
    /* In this order: what is left may be lost with its period, but not what was used of it. */
    __atomic_fetch_sub(&d->sched.cap_left, ran, __ATOMIC_RELAXED);
    refill(&d->sched, at);
}

bool cap_spent(struct domain *d, nsec_t at)
{
    if (likely(!READ_ONCE(d->sched.cap)))
        return false;
    refill(&d->sched, at);
    return READ_ONCE(d->sched.cap_left) <= 0;
}

nsec_t cap_slice(const struct domain *d, nsec_t slice)
{
    nsec_t share;

    if (likely(!READ_ONCE(d->sched.cap)))
        return slice;
    share = READ_ONCE(d->sched.cap_left) / MAX(READ_ONCE(d->sched.runnable), 1u);
    return MIN(slice, MAX(share, SHORTEST));
}

/* Parked first, armed then: whatever period has begun in between, the timer fires at the end of the
 * one after. One that is seen to be armed has not fired yet, and will see who is parked: between
 * store and load there is a fence here, and one there. */
void cap_park(struct vcpu *v)
{
    struct sched_domain *s = &v->domain->sched;

    __atomic_store_n(&v->sched.is_parked, true, __ATOMIC_SEQ_CST);
    if (!timer_armed(&s->cap_timer) || s->cap_timer.node.key != READ_ONCE(s->cap_ends))
        timer_set(&s->cap_timer, READ_ONCE(s->cap_ends));
}

void cap_timer_fired(struct domain *d)
{
    struct vcpu *v;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for_each_vcpu (d, v)
        if (READ_ONCE(v->sched.is_parked))
            vcpu_wake(v);
}

void cap_set(struct domain *d, unsigned percent)
{
    struct sched_domain *s = &d->sched;

    WRITE_ONCE(s->cap, percent);
    WRITE_ONCE(s->cap_left, quota(s));
    WRITE_ONCE(s->cap_ends, now() + CAP_PERIOD);
}
