/* Where a domain's vCPUs may run, and how much. */
#include "control/domctl_ops.h"

#include "control/tools_bitmap.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/smp.h"

static cpumask_t both(const cpumask_t *a, const cpumask_t *b)
{
    cpumask_t out;

    for (unsigned i = 0; i < ARRAY_SIZE(out.bits); i++)
        out.bits[i] = a->bits[i] & b->bits[i];
    return out;
}

long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    cpumask_t hard, soft, effective;
    long rc;

    if (!v)
        return refuse(-ESRCH);
    hard = v->sched.hard_affinity;
    soft = v->sched.soft_affinity;
    rc = op->flags & XEN_VCPUAFFINITY_HARD ? cpumask_from_tools(&hard, &op->cpumap_hard) : 0;
    if (rc == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT))
        rc = cpumask_from_tools(&soft, &op->cpumap_soft);
    if (rc)
        return rc;
    effective = both(&hard, &cpus_online);
    if (cpumask_empty(&effective))
        return refuse(-EINVAL);

    vcpu_set_affinity(v, &hard, &soft);
    if (op->flags & XEN_VCPUAFFINITY_HARD) {
        rc = cpumask_to_tools(&op->cpumap_hard, &effective);
    }
    if (rc == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT)) {
        soft = both(&soft, &effective);
        rc = cpumask_to_tools(&op->cpumap_soft, &soft);
    }
    return rc;
}

long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    long rc = 0;

    if (!v)
        return refuse(-ESRCH);
    if (op->flags & XEN_VCPUAFFINITY_HARD)
        rc = cpumask_to_tools(&op->cpumap_hard, &v->sched.hard_affinity);
    if (rc == 0 && (op->flags & XEN_VCPUAFFINITY_SOFT))
        rc = cpumask_to_tools(&op->cpumap_soft, &v->sched.soft_affinity);
    return rc;
}

static long put_parameters(struct domain *d, const struct xen_domctl_sched_credit2 *p)
{
    sched_set_domain(d, p->weight ? p->weight : d->sched.weight, p->cap);
    return 0;
}

long domctl_scheduler_op(struct domain *d, struct xen_domctl_scheduler_op *op)
{
    if (op->sched_id != XEN_SCHEDULER_CREDIT2)
        return refuse(-EINVAL);
    switch (op->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        return put_parameters(d, &op->u.credit2);
    case XEN_DOMCTL_SCHEDOP_getinfo:
        op->u.credit2.weight = (uint16_t)d->sched.weight;
        op->u.credit2.cap = (uint16_t)d->sched.cap;
        return 0;
    default:
        return refuse(-EINVAL);
    }
}
