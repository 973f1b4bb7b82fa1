#include "schedule/account.h"

#include "control/trace.h"
#include "domain/domain.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Domain and vCPU in one word, as trace records have them. */
static uint64_t whole_name(const struct vcpu *v)
{
    return (uint64_t)v->domain->id << 16 | v->id;
}

void account_wake(struct vcpu *v, nsec_t at)
{
    v->sched.account.woken_at = at;
    trace(RINGFORT_EVENT_WAKE, v, v->sched.cpu, whole_name(current));
}

void account_move(struct vcpu *v, unsigned from, unsigned to)
{
    v->sched.account.migrations++;
    trace(RINGFORT_EVENT_MIGRATE, v, from, to);
}

void account_warp(const struct vcpu *v, bool was)
{
    if (v->sched.bvt.warped != was)
        trace(was ? RINGFORT_EVENT_WARP_OFF : RINGFORT_EVENT_WARP_ON, v,
              (uint64_t)v->sched.bvt.warp, 0);
}

static void count_dispatch(struct vcpu *v, nsec_t at)
{
    struct sched_account *a = &v->sched.account;

    a->dispatches++;
    if (a->woken_at) {
        a->latency[latency_bucket(at - a->woken_at)]++;
        a->woken_at = 0;
    }
}

static uint64_t in_state_for(const struct vcpu *v, nsec_t at)
{
    return (uint64_t)at - v->time.runstate.state_entry_time;
}

void account_switch(struct vcpu *prev, struct vcpu *next, nsec_t at)
{
    unsigned how = vcpu_runnable(prev)      ? RINGFORT_EVENT_PREEMPT
                   : prev->sched.is_blocked ? RINGFORT_EVENT_BLOCK
                                            : RINGFORT_EVENT_STOP;

    if (!prev->is_idle)
        trace(how, prev, in_state_for(prev, at), whole_name(next));
    if (next->is_idle)
        return;
    count_dispatch(next, at);
    trace(RINGFORT_EVENT_DISPATCH, next, in_state_for(next, at), bvt_effective(&next->sched.bvt));
}
