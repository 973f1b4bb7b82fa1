#include "schedule/status.h"

#include "domain/domain.h"
#include "lib/string.h"
#include "schedule/runqueue.h"
#include "time/time.h"

_Static_assert(sizeof(((struct ringfort_vcpu *)0)->latency) ==
                   sizeof(((struct sched_account *)0)->latency),
               "the interface has as many buckets as are kept");

void vcpu_status(struct vcpu *v, struct ringfort_vcpu *out)
{
    const struct sched_vcpu *s = &v->sched;
    struct vcpu_runstate_info runstate;
    unsigned long flags;
    struct runqueue *rq = runqueue_lock_of(v, &flags);

    if (rq->running == v)
        runqueue_charge(rq, now());
    runstate_get(v, &runstate);
    *out = (struct ringfort_vcpu){
        .domain = v->domain->id,
        .vcpu = (uint16_t)v->id,
        .cpu = s->cpu,
        .state = (uint32_t)runstate.state,
        .flags = (s->bvt.warped ? RINGFORT_VCPU_WARPED : 0) | (s->is_up ? RINGFORT_VCPU_UP : 0),
        .weight = v->domain->sched.weight,
        .share = s->bvt.weight,
        .cap = v->domain->sched.cap,
        .warp_ns = (uint64_t)s->bvt.warp,
        .warp_limit_ns = (uint64_t)s->bvt.warp_limit,
        .unwarp_ns = (uint64_t)s->bvt.unwarp,
        .actual = s->bvt.avt,
        .effective = bvt_effective(&s->bvt),
        .queue_time = rq->svt,
        .dispatches = s->account.dispatches,
        .migrations = s->account.migrations,
    };
    memcpy(out->time_ns, runstate.time, sizeof(out->time_ns));
    memcpy(out->latency, s->account.latency, sizeof(out->latency));
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_take_warp(struct vcpu *v)
{
    struct bvt_entity *e = &v->sched.bvt;
    unsigned long flags;
    struct runqueue *rq = runqueue_lock_of(v, &flags);

    if (rq->running == v)
        runqueue_charge(rq, now());
    e->warp = v->domain->sched.warp;
    e->warp_limit = v->domain->sched.warp_limit;
    e->unwarp = v->domain->sched.unwarp;
    if (!e->warp && e->warped) {
        e->warped = false;
        account_warp(v, true);
    }
    runqueue_sort(rq, v);
    spin_unlock_irqrestore(&rq->lock, flags);
}
