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
    const struct heap_node *first = heap_first(&rq->by_actual);
    const struct sched_vcpu *running = &rq->running->sched;
    uint64_t least = first ? (uint64_t)first->key : rq->svt;

    if (running->is_queued && (!first || bvt_before(running->bvt.avt, least)))
        least = running->bvt.avt;
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

/* It begins to wait. */
static void enter_heaps(struct runqueue *rq, struct vcpu *v)
{
    heap_insert(&rq->by_actual, &v->sched.by_actual, (int64_t)v->sched.bvt.avt);
    heap_insert(&rq->by_effective, &v->sched.by_effective, (int64_t)bvt_effective(&v->sched.bvt));
}

static void leave_heaps(struct runqueue *rq, struct vcpu *v)
{
    heap_remove(&rq->by_actual, &v->sched.by_actual);
    heap_remove(&rq->by_effective, &v->sched.by_effective);
}

void runqueue_insert(struct runqueue *rq, struct vcpu *v)
{
    assert(!v->sched.is_queued);
    list_add_tail(&rq->runnable, &v->sched.queue);
    v->sched.is_queued = true;
    rq->count++;
    __atomic_fetch_add(&v->domain->sched.runnable, 1, __ATOMIC_RELAXED);
    runqueue_share_weight(v);
    enter_heaps(rq, v);
}

void runqueue_remove(struct runqueue *rq, struct vcpu *v)
{
    assert(v->sched.is_queued);
    update_svt(rq);
    list_del(&v->sched.queue);
    if (v != rq->running)
        leave_heaps(rq, v);
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
    bvt_charge(&v->sched.bvt, ran, at, rq->count);
    account_warp(v, was_warped);
    cap_charge(v->domain, ran, at);
    runqueue_share_weight(v);
    v->sched.dispatched_at = at;
    update_svt(rq);
}

void runqueue_set_running(struct runqueue *rq, struct vcpu *next)
{
    if (next == rq->running)
        return;
    if (rq->running->sched.is_queued)
        enter_heaps(rq, rq->running);
    if (next->sched.is_queued)
        leave_heaps(rq, next);
    rq->running = next;
}

void runqueue_sort(struct runqueue *rq, struct vcpu *v)
{
    if (v->sched.is_queued && v != rq->running) {
        leave_heaps(rq, v);
        enter_heaps(rq, v);
    }
}

struct vcpu *runqueue_best(const struct runqueue *rq)
{
    struct heap_node *first = heap_first(&rq->by_effective);

    return first ? container_of(first, struct vcpu, sched.by_effective) : NULL;
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
