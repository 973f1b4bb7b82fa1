#include "schedule/balance.h"

#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/smp.h"

/* The most that one is behind which cannot move: more comes of affinities or weights that kept it
 * where it was, and is not owed. One that can is owed all, or a light vCPU that had a processor to
 * itself for a moment would not have to wait for the others. */
#define LAG_MAX (200 * NSEC_PER_MSEC)
#define MEETING_MAX NSEC_PER_SEC

static unsigned cpu_of(const struct runqueue *rq)
{
    return (unsigned)(rq - runqueue_of(0));
}

/* Real time of a vCPU's own running as virtual time. */
static int64_t virtual_time(const struct vcpu *v, nsec_t t)
{
    return t * BVT_WEIGHT_UNIT / v->sched.bvt.weight;
}

static uint64_t time_of(const struct runqueue *rq)
{
    return runqueue_least(rq) + rq->offset;
}

void balance_transfer(struct vcpu *v, struct runqueue *from, struct runqueue *to)
{
    bvt_move(&v->sched.bvt, from->svt, to->svt);
    account_move(v, v->sched.cpu, cpu_of(to));
    WRITE_ONCE(v->sched.cpu, cpu_of(to));
}

/* Moves a waiting vCPU so that it keeps its place in the time that all queues share. */
static void give(struct vcpu *v, struct runqueue *from, struct runqueue *to)
{
    runqueue_remove(from, v);
    bvt_move(&v->sched.bvt, to->offset, from->offset);
    account_move(v, v->sched.cpu, cpu_of(to));
    WRITE_ONCE(v->sched.cpu, cpu_of(to));
    runqueue_insert(to, v);
    if (bvt_before(bvt_effective(&v->sched.bvt), bvt_effective(&to->running->sched.bvt)))
        to->newcomer = true;
    if (cpu_of(to) != this_cpu())
        work_raise(cpu_of(to), WORK_SCHEDULE);
}

/* True when some vCPU of the queue may run on `cpu`, so that the two have to do with each other. */
static bool may_share(const struct runqueue *rq, unsigned cpu)
{
    const struct vcpu *v;

    list_for_each (v, &rq->runnable, sched.queue)
        if (bit_test(v->sched.hard_affinity.bits, cpu))
            return true;
    return false;
}

/* Moves whom `behind`, which is by `lead`, owes to `ahead`. False when it is the running one, which
 * cannot move now, and will wait soon. */
static bool settle(struct runqueue *ahead, struct runqueue *behind, int64_t lead)
{
    struct vcpu *waiting = runqueue_waiting(behind, cpu_of(ahead), true);
    struct vcpu *v = waiting ? waiting : behind->running;
    int64_t missed, most;
    bool owes;

    if (v->is_idle)
        return true;
    if (!may_share(ahead, cpu_of(behind)) && !may_share(behind, cpu_of(ahead))) {
        behind->offset += (uint64_t)lead;
        return true;
    }
    missed = (int64_t)(time_of(ahead) - (v->sched.bvt.avt + behind->offset));
    owes = missed > virtual_time(v, MAX(SCHED_LAG, 2 * sched_allowance(behind->count)));
    if (waiting && owes) {
        give(v, behind, ahead);
        return true;
    }
    most = virtual_time(v, LAG_MAX);
    if (missed > most)
        behind->offset += (uint64_t)(missed - most);
    return !owes || behind->count == 1 || !bit_test(v->sched.hard_affinity.bits, cpu_of(ahead));
}

static bool met_lately(const struct runqueue *rq, nsec_t at)
{
    return rq->met_at && at - rq->met_at < MEETING_MAX;
}

/* Both queues locked, charged and not empty. False: again with the same soon. */
static bool meet(struct runqueue *rq, struct runqueue *other, nsec_t at)
{
    int64_t lead = (int64_t)(time_of(rq) - time_of(other));
    bool done = true;

    if (!met_lately(other, at))
        other->offset += (uint64_t)lead;
    else if (!met_lately(rq, at))
        rq->offset -= (uint64_t)lead;
    else
        done = lead > 0 ? settle(rq, other, lead) : settle(other, rq, -lead);
    rq->met_at = rq->count ? at : 0;
    other->met_at = other->count ? at : 0;
    return done;
}

static unsigned next_partner(unsigned cpu, unsigned after)
{
    unsigned next = after;

    do
        next = bit_find_set(cpus_online.bits, MAX_CPUS, next + 1) % MAX_CPUS;
    while (next == cpu || !bit_test(cpus_online.bits, next));
    return next;
}

void balance(struct runqueue *rq, nsec_t at)
{
    unsigned cpu = cpu_of(rq), partner;
    struct runqueue *other;
    bool done = true;

    if (rq->count < 2 || cpu_count < 2 || at < rq->balance_at)
        return;
    partner = next_partner(cpu, rq->partner);
    other = runqueue_of(partner);
    /* Two queues have no order, so the other's lock is only tried. */
    if (!spin_trylock(&other->lock))
        return;
    if (other->count) {
        runqueue_charge(other, at);
        done = meet(rq, other, at);
    } else if (runqueue_waiting(rq, partner, false)) {
        work_raise(partner, WORK_SCHEDULE); /* it steals */
    }
    spin_unlock(&other->lock);
    if (done) {
        rq->partner = partner;
        rq->balance_at = at + BALANCE_PERIOD;
    }
}

static bool take_waiting(struct runqueue *rq, struct runqueue *from, nsec_t at)
{
    struct vcpu *v = runqueue_waiting(from, cpu_of(rq), true);

    v = v ? v : runqueue_waiting(from, cpu_of(rq), false);
    if (!v)
        return false;
    runqueue_charge(from, at);
    runqueue_remove(from, v);
    balance_transfer(v, from, rq);
    runqueue_insert(rq, v);
    return true;
}

/* Our own lock is kept: the vCPU that leaves this CPU may be on no queue already while its
 * registers are still here. */
bool balance_steal(struct runqueue *rq, nsec_t at)
{
    unsigned cpu = cpu_of(rq), other;

    for_each_cpu (other, &cpus_online) {
        struct runqueue *from = runqueue_of(other);
        bool taken;

        if (from == rq || READ_ONCE(from->count) < 2)
            continue;
        if (!spin_trylock(&from->lock)) {
            work_raise(cpu, WORK_SCHEDULE); /* looks again */
            continue;
        }
        taken = take_waiting(rq, from, at);
        spin_unlock(&from->lock);
        if (taken)
            return true;
    }
    return false;
}

nsec_t balance_slice(const struct runqueue *rq, const struct vcpu *next)
{
    nsec_t slice =
        bvt_slice(&rq->running->sched.bvt, &next->sched.bvt, sched_allowance(rq->count), rq->count);

    return cpu_count > 1 ? MIN(slice, BALANCE_PERIOD) : slice;
}
