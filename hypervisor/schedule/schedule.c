/*
 * Dispatch: which vCPU runs on this CPU from now on, and for how long.
 *
 * Idle vCPUs are never on a queue. A vCPU's queue (sched.cpu) changes only while it does not run,
 * with the old queue's lock held, so "lock the queue it is on" is: read, lock, read again.
 */
#include "boot/boot.h"
#include "control/console.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "schedule/balance.h"
#include "schedule/cap.h"
#include "schedule/runqueue.h"
#include "schedule/schedule.h"
#include "schedule/work.h"
#include "time/time.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/smp.h"

static void set_running(struct runqueue *rq, struct vcpu *next, nsec_t at)
{
    runqueue_set_running(rq, next);
    next->sched.is_running = true;
    next->sched.dispatched_at = at;
    if (!next->is_idle)
        runqueue_share_weight(next);
}

nsec_t sched_allowance(unsigned runnable)
{
    return bvt_shortened(READ_ONCE(options.bvt_context_switch), runnable);
}

/* True when its domain has used up its cap; then it has left the queue. */
static bool parked(struct runqueue *rq, struct vcpu *v, nsec_t at)
{
    if (!cap_spent(v->domain, at))
        return false;
    runqueue_remove(rq, v);
    cap_park(v);
    return true;
}

/* Of those that wait and are within their caps the best, or NULL. */
static struct vcpu *best_waiting(struct runqueue *rq, nsec_t at)
{
    struct vcpu *v;

    do
        v = runqueue_best(rq);
    while (v && parked(rq, v, at));
    return v;
}

/* The running vCPU keeps the CPU until another's E is lower by the allowance, but for three: it
 * cannot run on, it yields, or a newcomer with a lower E has just come. */
static struct vcpu *choose(struct runqueue *rq, struct vcpu *prev, nsec_t at)
{
    bool may_stay = prev->sched.is_queued && !parked(rq, prev, at);
    bool yields = rq->yielding;
    struct vcpu *best = best_waiting(rq, at);
    nsec_t allowance = rq->newcomer ? 0 : sched_allowance(rq->count);

    rq->newcomer = rq->yielding = false;
    if (!best && may_stay)
        return prev;
    while (!best && balance_steal(rq, at))
        best = best_waiting(rq, at);
    if (!best)
        return rq->idle;
    if (may_stay && !yields && bvt_keeps(&prev->sched.bvt, &best->sched.bvt, allowance))
        return prev;
    return best;
}

/* Before choose() passes over it. */
static void give_way(const struct runqueue *rq, struct vcpu *v)
{
    const struct vcpu *best = runqueue_best(rq);
    bool was_warped = v->sched.bvt.warped;

    if (best)
        bvt_yield(&v->sched.bvt, &best->sched.bvt);
    account_warp(v, was_warped);
}

static void arm_slice(struct runqueue *rq, struct vcpu *v, nsec_t at)
{
    const struct vcpu *second = v->is_idle ? NULL : runqueue_best(rq);
    nsec_t slice = INT64_MAX;

    if (second)
        slice = balance_slice(rq, second);
    if (!v->is_idle)
        slice = cap_slice(v->domain, slice);
    if (slice != INT64_MAX)
        timer_set(&rq->slice, at + slice);
    else
        timer_stop(&rq->slice);
}

static void switch_to(struct vcpu *prev, struct vcpu *next, nsec_t at)
{
    account_switch(prev, next, at);
    time_stop_alarm(prev);
    if (!prev->is_idle)
        runstate_change(prev,
                        vcpu_runnable(prev)      ? RUNSTATE_runnable
                        : prev->sched.is_blocked ? RUNSTATE_blocked
                                                 : RUNSTATE_offline,
                        at);
    if (!next->is_idle)
        runstate_change(next, RUNSTATE_running, at);
    context_switch(prev, next);
}

/* What a vCPU finds changed when it gets a CPU again. */
static void refresh_guest(struct vcpu *v)
{
    if (v->is_idle)
        return;
    if (v->time.singleshot.cpu != this_cpu()) {
        timer_migrate(&v->time.singleshot, this_cpu());
        timer_migrate(&v->time.periodic, this_cpu());
        timer_migrate(&v->time.alarm, this_cpu());
        timer_migrate(&v->sched.poll_timer, this_cpu());
    }
    time_update_vcpu(v);
    time_update_areas(v);
    time_start_alarm(v);
}

/* WORK_SCHEDULE's body. */
static void reschedule(void)
{
    unsigned cpu = this_cpu();
    struct runqueue *rq = runqueue_of(cpu);
    struct vcpu *prev = current, *next;
    bool misplaced;
    nsec_t at;

    irq_disable();
    spin_lock(&rq->lock);
    at = now();
    runqueue_charge(rq, at);
    misplaced = prev->sched.is_queued && !bit_test(prev->sched.hard_affinity.bits, cpu);
    if (prev->sched.is_queued && (misplaced || !vcpu_runnable(prev)))
        runqueue_remove(rq, prev);
    if (rq->yielding && prev->sched.is_queued)
        give_way(rq, prev);
    balance(rq, at);
    next = choose(rq, prev, at);
    set_running(rq, next, at);
    arm_slice(rq, next, at);
    if (next == prev) {
        spin_unlock(&rq->lock);
        irq_enable();
        return;
    }
    if (prev->sched.is_queued)
        sched_tell_idle_cpu(prev);
    switch_to(prev, next, at);
    __atomic_store_n(&prev->sched.is_running, false, __ATOMIC_RELEASE);
    spin_unlock(&rq->lock);
    irq_enable();
    if (misplaced)
        vcpu_wake(prev);
    refresh_guest(next);
    resume_current();
}

void work_run(void)
{
    unsigned cpu = this_cpu();

    for (unsigned work = 0; work < WORK_COUNT; work++) {
        if (!work_take(cpu, work))
            continue;
        switch (work) {
        case WORK_TIMER:
            timer_run_expired();
            break;
        case WORK_CONSOLE:
            console_work();
            break;
        case WORK_REAP:
            domain_reap();
            break;
        case WORK_SCHEDULE:
            reschedule();
            break;
        }
    }
}

bool preempt_needed(void)
{
    return work_pending();
}

void idle_loop(void)
{
    for (;;) {
        irq_disable();
        if (work_pending()) {
            irq_enable();
            work_run();
        } else {
            sti_hlt();
        }
    }
}

void sched_start_cpu(void)
{
    irq_enable();
    work_raise(this_cpu(), WORK_SCHEDULE);
    idle_loop();
}

void sched_dump(void)
{
    unsigned cpu;

    for_each_cpu (cpu, &cpus_online) {
        struct runqueue *rq = runqueue_of(cpu);
        unsigned long flags = spin_lock_irqsave(&rq->lock);
        struct vcpu *v;

        log_info("CPU%u: SVT %lu, %u runnable, runs d%uv%u", cpu, rq->svt, rq->count,
                 rq->running->domain->id, rq->running->id);
        list_for_each (v, &rq->runnable, sched.queue)
            log_info("  d%uv%u A %lu E %lu weight %u%s", v->domain->id, v->id, v->sched.bvt.avt,
                     bvt_effective(&v->sched.bvt), v->sched.bvt.weight,
                     v->sched.bvt.warped ? " warped" : "");
        spin_unlock_irqrestore(&rq->lock, flags);
    }
}
