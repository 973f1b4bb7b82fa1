/* Domains as `xl list` and `xentop` show them. */
#include "control/domain_info.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"

static uint64_t vcpu_cpu_time(struct vcpu *v)
{
    struct vcpu_runstate_info runstate;

    vcpu_get_runstate(v, &runstate);
    return runstate.time[RUNSTATE_running];
}

/* A domain is blocked when all its vCPUs are, running when one is. */
static uint32_t activity(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    uint32_t flags = XEN_DOMINF_blocked;
    struct vcpu *v;

    for_each_vcpu (d, v) {
        info->cpu_time += vcpu_cpu_time(v);
        info->max_vcpu_id = v->id;
        if (!READ_ONCE(v->sched.is_up))
            continue;
        info->nr_online_vcpus++;
        if (!READ_ONCE(v->sched.is_blocked))
            flags &= ~XEN_DOMINF_blocked;
        if (READ_ONCE(v->sched.is_running))
            flags |= XEN_DOMINF_running;
    }
    return flags;
}

static uint32_t life(const struct domain *d)
{
    uint32_t code = (uint32_t)d->shutdown_code & XEN_DOMINF_shutdownmask;
    uint32_t flags = 0;

    if (d->state != DOMAIN_ALIVE)
        flags |= XEN_DOMINF_dying;
    if (d->controller_pauses)
        flags |= XEN_DOMINF_paused;
    if (d->is_shut_down)
        flags |= XEN_DOMINF_shutdown | code << XEN_DOMINF_shutdownshift;
    return flags;
}

void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){
        .domain = d->id,
        .max_vcpu_id = XEN_INVALID_MAX_VCPU_ID,
        .tot_pages = d->tot_pages,
        .max_pages = d->max_pages,
        .outstanding_pages = d->outstanding_claim,
        .shared_info_frame = d->shared_info_mfn.n,
        .gpaddr_bits = (uint8_t)cpuid(0x80000008, 0).a,
    };
    info->flags = life(d) | activity(d, info);
    memcpy(info->handle, d->handle, sizeof(info->handle));
}

int vcpu_info_fill(struct domain *d, struct xen_domctl_getvcpuinfo *info)
{
    struct vcpu *v = domain_vcpu(d, info->vcpu);

    if (!v)
        return -ESRCH;
    info->online = READ_ONCE(v->sched.is_up);
    info->blocked = READ_ONCE(v->sched.is_blocked);
    info->running = READ_ONCE(v->sched.is_running);
    info->cpu_time = vcpu_cpu_time(v);
    info->cpu = READ_ONCE(v->sched.cpu);
    return 0;
}
