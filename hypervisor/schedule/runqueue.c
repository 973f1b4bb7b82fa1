#include "lib/assert.h"
#include "schedule/cap.h"
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

uint64_t runqueue_least(const struct runqueue *rq)
{
    const struct vcpu *v;
    uint64_t least = rq->svt;
    bool any = false;

    list_for_each (v, &rq->runnable, sched.queue) {
        if (!any || bvt_before(v->sched.bvt.avt, least))
            least = v->sched.bvt.avt;
        any = true;
    }
    return least;
}

/* The least A can fall behind SVT only when balancing brings one in with less. */
static void update_svt(struct runqueue *rq)
{
    uint64_t least = runqueue_least(rq);

    if (bvt_before(rq->svt, least))
        rq->svt = least;
}

/* A domain's weight is shared by those of its vCPUs that want to run, on whatever queue; each takes
 * note of their number when it is charged, is chosen or comes to a queue. */
void runqueue_share_weight(struct vcpu *v)
{
    const struct sched_domain *s = &v->domain->sched;
    unsigned weight = READ_ONCE(s->weight) / MAX(READ_ONCE(s->runnable), 1u);

    if (unlikely(weight != v->sched.bvt.weight))
        bvt_set_weight(&v->sched.bvt, weight);
}

void runqueue_insert(struct runqueue *rq, struct vcpu *v)
{
    assert(!v->sched.is_queued);
    list_add_tail(&rq->runnable, &v->sched.queue);
    v->sched.is_queued = true;
    rq->count++;
    __atomic_fetch_add(&v->domain->sched.runnable, 1, __ATOMIC_RELAXED);
    runqueue_share_weight(v);
}

void runqueue_remove(struct runqueue *rq, struct vcpu *v)
{
    assert(v->sched.is_queued);
    update_svt(rq);
    list_del(&v->sched.queue);
    v->sched.is_queued = false;
    v->sched.bvt.left_at = now();
    rq->count--;
    __atomic_fetch_sub(&v->domain->sched.runnable, 1, __ATOMIC_RELAXED);
    update_svt(rq);
    if (!rq->count)
        rq->met_at = 0;
}

void runqueue_charge(struct runqueue *rq, nsec_t at)
{
    struct vcpu *v = rq->running;
    nsec_t ran = at - v->sched.dispatched_at;
    bool was_warped = v->sched.bvt.warped;

    if (v->is_idle || ran <= 0)
        return;
    bvt_charge(&v->sched.bvt, ran, at);
    account_warp(v, was_warped);
    cap_charge(v->domain, ran, at);
    runqueue_share_weight(v);
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

struct vcpu *runqueue_waiting(const struct runqueue *rq, unsigned cpu, bool by_preference)
{
    struct vcpu *v, *best = NULL;

    list_for_each (v, &rq->runnable, sched.queue)
        if (v != rq->running && !v->sched.is_running &&
            bit_test(v->sched.hard_affinity.bits, cpu) &&
            (!by_preference || bit_test(v->sched.soft_affinity.bits, cpu)) &&
            (!best || bvt_before(v->sched.bvt.avt, best->sched.bvt.avt)))
            best = v;
    return best;
}
