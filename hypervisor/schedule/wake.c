/* Becoming runnable and ceasing to be: waking, blocking, pausing, moving between CPUs. */
#include "event/event.h"
#include "lib/assert.h"
#include "schedule/balance.h"
#include "schedule/cap.h"
#include "schedule/runqueue.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/bounce.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"
#include "x86/smp.h"

bool vcpu_runnable(const struct vcpu *v)
{
    return v->sched.is_up && !READ_ONCE(v->sched.is_blocked) && !READ_ONCE(v->sched.pauses);
}

void vcpu_get_runstate(struct vcpu *v, struct vcpu_runstate_info *out)
{
    unsigned long flags;
    struct runqueue *rq = runqueue_lock_of(v, &flags);

    runstate_get(v, out);
    spin_unlock_irqrestore(&rq->lock, flags);
}

/* An idle CPU that the vCPU may use, or MAX_CPUS. Queue lengths are read without locks; a wrong
 * guess costs a steal later, nothing else. */
static unsigned idle_cpu(const struct vcpu *v, const cpumask_t *among)
{
    unsigned cpu;

    for_each_cpu (cpu, &cpus_online)
        if (bit_test(v->sched.hard_affinity.bits, cpu) && bit_test(among->bits, cpu) &&
            !READ_ONCE(runqueue_of(cpu)->count))
            return cpu;
    return MAX_CPUS;
}

/* Where a waking vCPU is to run: its own CPU if that is idle, else any idle one, else its own, else
 * any; at each step where it would rather run comes first. */
static unsigned pick_cpu(const struct vcpu *v)
{
    unsigned own = v->sched.cpu, cpu;
    const struct sched_vcpu *s = &v->sched;
    bool may_stay = bit_test(s->hard_affinity.bits, own);
    bool likes_own = may_stay && bit_test(s->soft_affinity.bits, own);

    if (likes_own && !READ_ONCE(runqueue_of(own)->count))
        return own;
    cpu = idle_cpu(v, &s->soft_affinity);
    if (cpu == MAX_CPUS)
        cpu = idle_cpu(v, &s->hard_affinity);
    if (cpu != MAX_CPUS)
        return cpu;
    if (likes_own)
        return own;
    for_each_cpu (cpu, &cpus_online)
        if (bit_test(s->hard_affinity.bits, cpu) && bit_test(s->soft_affinity.bits, cpu))
            return cpu;
    if (may_stay)
        return own;
    for_each_cpu (cpu, &cpus_online)
        if (bit_test(s->hard_affinity.bits, cpu))
            return cpu;
    return own;
}

/* A newcomer with lower E preempts at once; otherwise the running one's turn may now be limited. */
static void consider_preemption(struct runqueue *rq, struct vcpu *v, nsec_t at)
{
    struct vcpu *running = rq->running;

    if (running->is_idle ||
        bvt_before(bvt_effective(&v->sched.bvt), bvt_effective(&running->sched.bvt))) {
        rq->newcomer = true;
        work_raise(v->sched.cpu, WORK_SCHEDULE);
    } else {
        nsec_t end = at + balance_slice(rq, v);

        if (!timer_armed(&rq->slice) || rq->slice.node.key > end)
            timer_set(&rq->slice, end);
    }
}

/* Two that woke at once may have chosen the same idle CPU, and no tick comes to mend that. */
void sched_tell_idle_cpu(const struct vcpu *v)
{
    unsigned cpu = idle_cpu(v, &v->sched.hard_affinity);

    if (cpu != MAX_CPUS)
        work_raise(cpu, WORK_SCHEDULE);
}

/* Moves a vCPU that is on no queue from its own, `rq`, to the one where it is to run. Both are
 * locked while it moves; as two queues have no order, the second lock is only tried. Returns the
 * queue that is locked then: `rq` when it stays. NULL: none is, try again. */
static struct runqueue *move_to_best(struct vcpu *v, struct runqueue *rq, nsec_t at,
                                     unsigned long flags)
{
    struct runqueue *to = runqueue_of(pick_cpu(v));

    if (to == rq)
        return rq;
    if (!spin_trylock(&to->lock)) {
        spin_unlock_irqrestore(&rq->lock, flags);
        cpu_relax();
        return NULL;
    }
    runqueue_charge(to, at);
    balance_transfer(v, rq, to);
    spin_unlock(&rq->lock);
    return to;
}

/* One more has a part of its domain's weight from now on: until now those that run have had the
 * part that they are charged by. Without this, vCPUs that fall asleep and wake together would each
 * run by a larger part, as they look how many they are only when they are charged or chosen. As
 * queues have no order, the others' locks are only tried; who holds one is most likely charging. */
static void charge_siblings(const struct runqueue *rq, const struct vcpu *v, nsec_t at)
{
    struct vcpu *sibling;

    if (READ_ONCE(v->domain->sched.runnable) < 2)
        return;
    for_each_vcpu (v->domain, sibling) {
        struct runqueue *other = runqueue_of(READ_ONCE(sibling->sched.cpu));

        if (READ_ONCE(other->running) != sibling ||
            READ_ONCE(sibling->sched.bvt.weight) <= v->sched.bvt.weight)
            continue;
        if (other == rq) {
            runqueue_share_weight(sibling);
        } else if (spin_trylock(&other->lock)) {
            if (other->running == sibling) {
                runqueue_charge(other, at);
                runqueue_share_weight(sibling);
            }
            spin_unlock(&other->lock);
        }
    }
}

/* On its queue, which is locked and charged. Only sleep gives the right to warp. */
static void enqueue(struct runqueue *rq, struct vcpu *v, nsec_t at)
{
    bool was_warped = v->sched.bvt.warped;

    if (v->sched.is_parked) {
        bvt_join(&v->sched.bvt, rq->svt, at);
    } else {
        bvt_wake(&v->sched.bvt, rq->svt, at);
        account_wake(v, at);
    }
    account_warp(v, was_warped);
    v->sched.is_parked = false;
    runqueue_insert(rq, v);
    charge_siblings(rq, v, at);
    consider_preemption(rq, v, at);
    if (rq->count > 1)
        sched_tell_idle_cpu(v);
}

void vcpu_wake(struct vcpu *v)
{
    struct runqueue *rq;
    unsigned long flags;
    nsec_t at;

    do {
        rq = runqueue_lock_of(v, &flags);
        if (v->sched.is_queued || !vcpu_runnable(v)) {
            spin_unlock_irqrestore(&rq->lock, flags);
            return;
        }
        /* SVT is up to date only with the running vCPU charged, and it may have run for hours. */
        at = now();
        runqueue_charge(rq, at);
        /* Not queued means not running either: reschedule() changes both under this lock. */
        rq = move_to_best(v, rq, at, flags);
    } while (!rq);
    runstate_change(v, RUNSTATE_runnable, at);
    if (cap_spent(v->domain, at))
        cap_park(v);
    else
        enqueue(rq, v, at);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft)
{
    unsigned long flags;
    struct runqueue *rq = runqueue_lock_of(v, &flags);
    bool misplaced;

    v->sched.hard_affinity = *hard;
    v->sched.soft_affinity = *soft;
    misplaced = v->sched.is_queued && !bit_test(hard->bits, v->sched.cpu);
    if (misplaced && rq->running == v)
        work_raise(v->sched.cpu, WORK_SCHEDULE); /* its CPU sends it away */
    else if (misplaced)
        runqueue_remove(rq, v);
    else if (v->sched.is_queued && rq->running != v)
        sched_tell_idle_cpu(v);
    spin_unlock_irqrestore(&rq->lock, flags);
    vcpu_wake(v);
}

void sched_set_domain(struct domain *d, unsigned weight, unsigned cap)
{
    struct vcpu *v;

    WRITE_ONCE(d->sched.weight, weight);
    cap_set(d, cap);
    for_each_vcpu (d, v) {
        if (READ_ONCE(v->sched.is_parked))
            vcpu_wake(v);
        work_raise(READ_ONCE(v->sched.cpu), WORK_SCHEDULE);
    }
}

/* After something took away v's right to run: off the queue now, or by its CPU's next pass. */
static void vcpu_sleep(struct vcpu *v)
{
    unsigned long flags;
    struct runqueue *rq = runqueue_lock_of(v, &flags);

    if (!vcpu_runnable(v)) {
        if (rq->running == v)
            work_raise(v->sched.cpu, WORK_SCHEDULE);
        else if (v->sched.is_queued || v->sched.is_parked) {
            if (v->sched.is_queued)
                runqueue_remove(rq, v);
            v->sched.is_parked = false;
            runstate_change(v, v->sched.is_blocked ? RUNSTATE_blocked : RUNSTATE_offline, now());
        }
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_kick(struct vcpu *v)
{
    unsigned cpu = READ_ONCE(v->sched.cpu);

    if (READ_ONCE(v->sched.is_running) && cpu != this_cpu())
        lapic_send_ipi(cpu, VEC_IPI_WORK);
}

void vcpu_unblock(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->sched.is_blocked, false, __ATOMIC_SEQ_CST))
        vcpu_wake(v);
    else
        vcpu_kick(v);
}

void vcpu_block(void)
{
    struct vcpu *v = current;

    v->event.info->evtchn_upcall_mask = 0;
    WRITE_ONCE(v->sched.is_polling, false);
    __atomic_store_n(&v->sched.is_blocked, true, __ATOMIC_SEQ_CST);
    /* Blocked first, then the look: a sender that comes in between unblocks us. */
    if (event_deliverable(v->event.info) || bounce_nmi_due(v))
        WRITE_ONCE(v->sched.is_blocked, false);
    else
        work_raise(this_cpu(), WORK_SCHEDULE);
}

void sched_yield(void)
{
    struct runqueue *rq = runqueue_of(this_cpu());
    unsigned long flags = spin_lock_irqsave(&rq->lock);

    if (rq->count > 1) {
        rq->yielding = true;
        work_raise(this_cpu(), WORK_SCHEDULE);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_pause_nosync(struct vcpu *v)
{
    __atomic_fetch_add(&v->sched.pauses, 1, __ATOMIC_SEQ_CST);
    vcpu_sleep(v);
}

void vcpu_wait_stopped(const struct vcpu *v)
{
    assert(v != current);
    while (__atomic_load_n(&v->sched.is_running, __ATOMIC_ACQUIRE))
        cpu_relax();
}

void vcpu_pause(struct vcpu *v)
{
    vcpu_pause_nosync(v);
    vcpu_wait_stopped(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (__atomic_sub_fetch(&v->sched.pauses, 1, __ATOMIC_SEQ_CST) == 0)
        vcpu_wake(v);
}

void vcpu_set_up(struct vcpu *v, bool up)
{
    WRITE_ONCE(v->sched.is_up, up);
    if (up)
        vcpu_wake(v);
    else
        vcpu_sleep(v);
}

void sched_init_vcpu(struct vcpu *v)
{
    struct sched_vcpu *s = &v->sched;
    unsigned cpu = (v->domain->id + v->id) % cpu_count;

    s->cpu = cpu;
    list_init(&s->queue);
    bvt_set_weight(&s->bvt, v->domain->sched.weight);
    s->bvt.warp = v->domain->sched.warp;
    s->bvt.warp_limit = v->domain->sched.warp_limit;
    s->bvt.unwarp = v->domain->sched.unwarp;
    for (unsigned i = 0; i < ARRAY_SIZE(s->hard_affinity.bits); i++)
        s->hard_affinity.bits[i] = s->soft_affinity.bits[i] = ~UINT64_C(0);
    timer_init(&s->poll_timer, TIMER_VCPU_POLL, v, cpu);
    if (v->is_idle) {
        struct runqueue *rq = runqueue_of(v->id);

        s->cpu = v->id;
        s->is_up = s->is_running = true;
        spin_init(&rq->lock, LOCK_RUNQUEUE);
        list_init(&rq->runnable);
        rq->by_actual = rq->by_effective = (struct heap){0};
        rq->idle = rq->running = v;
        timer_init(&rq->slice, TIMER_SLICE, NULL, v->id);
    }
}

void sched_init_domain(struct domain *d)
{
    d->sched = (struct sched_domain){
        .weight = BVT_WEIGHT_UNIT,
        .warp = SCHED_DEFAULT_WARP,
        .warp_limit = SCHED_DEFAULT_WARP_LIMIT,
        .unwarp = SCHED_DEFAULT_UNWARP,
    };
    timer_init(&d->sched.cap_timer, TIMER_DOMAIN_CAP, d, 0);
}

void sched_destroy_domain(struct domain *d)
{
    timer_kill(&d->sched.cap_timer);
}

void sched_destroy_vcpu(struct vcpu *v)
{
    vcpu_set_up(v, false);
    timer_kill(&v->sched.poll_timer);
}
