#include "lib/assert.h"
#include "schedule/runqueue.h"

static struct runqueue queues[MAX_CPUS];

struct runqueue *runqueue_of(unsigned cpu)
{
    return &queues[cpu];
}

struct runqueue *runqueue_lock_of(const struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned cpu = READ_ONCE(v->sched.cpu);
        struct runqueue *rq = runqueue_of(cpu);

        *flags = spin_lock_irqsave(&rq->lock);
        if (v->sched.cpu == cpu)
            return rq;
        spin_unlock_irqrestore(&rq->lock, *flags);
    }
}

/* SVT never goes back: the least A of the runnable can only be lower than it was when one moved in
 * with less, and bvt_wake and bvt_move do not let that happen. */
static void update_svt(struct runqueue *rq)
{
    const struct vcpu *v;
    bool any = false;
    uint64_t least = 0;

    list_for_each (v, &rq->runnable, sched.queue) {
        if (!any || bvt_before(v->sched.bvt.avt, least))
            least = v->sched.bvt.avt;
        any = true;
    }
    if (any && bvt_before(rq->svt, least))
        rq->svt = least;
}

/* A domain's weight is shared by those of its vCPUs that want to run, on whatever queue; each takes
 * note of their number when it is charged or comes to a queue. */
static void share_weight(struct vcpu *v)
{
    const struct sched_domain *s = &v->domain->sched;
    unsigned weight = READ_ONCE(s->weight) / MAX(READ_ONCE(s->runnable), 1u);

    if (unlikely(weight != v->sched.bvt.weight))
        bvt_set_weight(&v->sched.bvt, weight);
}

void runqueue_insert(struct runqueue *rq, struct vcpu *v)
{
    bool was_warped = v->sched.bvt.warped;

    bvt_wake(&v->sched.bvt, rq->svt, now());
    account_warp(v, was_warped);
    runqueue_accept(rq, v);
}

void runqueue_accept(struct runqueue *rq, struct vcpu *v)
{
    assert(!v->sched.is_queued);
    list_add_tail(&rq->runnable, &v->sched.queue);
    v->sched.is_queued = true;
    rq->count++;
    __atomic_fetch_add(&v->domain->sched.runnable, 1, __ATOMIC_RELAXED);
    share_weight(v);
}

void runqueue_remove(struct runqueue *rq, struct vcpu *v)
{
    assert(v->sched.is_queued);
    update_svt(rq);
    list_del(&v->sched.queue);
    v->sched.is_queued = false;
    rq->count--;
    __atomic_fetch_sub(&v->domain->sched.runnable, 1, __ATOMIC_RELAXED);
    update_svt(rq);
}

void runqueue_charge(struct runqueue *rq, nsec_t at)
{
    struct vcpu *v = rq->running;
    nsec_t ran = at - v->sched.dispatched_at;
    bool was_warped = v->sched.bvt.warped;

    if (v->is_idle || ran <= 0)
        return;
    share_weight(v);
    bvt_charge(&v->sched.bvt, ran, at);
    account_warp(v, was_warped);
    v->sched.dispatched_at = at;
    update_svt(rq);
}

struct vcpu *runqueue_best(const struct runqueue *rq, const struct vcpu *except)
{
    struct vcpu *v, *best = NULL;

    list_for_each (v, &rq->runnable, sched.queue)
        if (v != except &&
            (!best || bvt_before(bvt_effective(&v->sched.bvt), bvt_effective(&best->sched.bvt))))
            best = v;
    return best;
}

struct vcpu *runqueue_stealable(const struct runqueue *rq, unsigned cpu)
{
    struct vcpu *v;

    list_for_each (v, &rq->runnable, sched.queue)
        if (v != rq->running && !v->sched.is_running && bit_test(v->sched.hard_affinity.bits, cpu))
            return v;
    return NULL;
}
