/* A vCPU's registers as the domain builder sets them and the saver reads them. */
#include "control/domctl_ops.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/entry.h"

/* The domain is paused, so nobody else changes or runs the vCPU. */
static long set_paused(struct vcpu *v, const struct vcpu_guest_context *context)
{
    long rc;

    if (v->domain->state != DOMAIN_ALIVE)
        return refuse(-ESRCH);
    if ((context->flags & VGCF_online) && !event_has_place(v))
        return refuse(-EINVAL);
    rc = vcpu_set_context(v, context);
    if (rc)
        return rc;
    v->initialised = true;
    vcpu_set_up(v, context->flags & VGCF_online);
    return 0;
}

long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct vcpu_guest_context *context;
    long rc;

    if (!v || v->domain == current->domain || !handle_addr(op->ctxt))
        return refuse(-EINVAL);
    context = zalloc(sizeof(*context));
    if (!context)
        return -ENOMEM;
    if (copy_from_guest(context, handle_addr(op->ctxt), sizeof(*context))) {
        domain_pause(d);
        rc = set_paused(v, context);
        domain_unpause(d);
    } else {
        rc = refuse(-EFAULT);
    }
    zfree(context);
    return rc;
}

long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct vcpu_guest_context *context;
    long rc = 0;

    if (!v || v == current)
        return refuse(-EINVAL);
    if (!v->initialised)
        return refuse(-ENODATA);
    context = zalloc(sizeof(*context));
    if (!context)
        return -ENOMEM;
    vcpu_pause(v);
    vcpu_get_context(v, context);
    vcpu_unpause(v);
    if (!copy_to_guest(handle_addr(op->ctxt), context, sizeof(*context)))
        rc = refuse(-EFAULT);
    zfree(context);
    return rc;
}
