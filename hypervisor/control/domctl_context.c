/* A vCPU's registers as the domain builder sets them and the saver reads them. */
#include "control/domctl_ops.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/entry.h"

/* The domain is paused and its lock held, so nobody else changes or runs the vCPU. */
static long set_paused(struct vcpu *v, const struct vcpu_guest_context *context)
{
    long rc;

    /* Nobody would come again for what is set up in a domain that is being taken down. */
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
    rc = vcpu_context_read(d, context, handle_addr(op->ctxt));
    if (!rc) {
        domain_pause(d);
        spin_lock(&d->lock);
        rc = set_paused(v, context);
        spin_unlock(&d->lock);
        /* The builder has cleared the page that the clock is in. */
        if (!rc && v->id == 0)
            time_update_wallclock(d);
        domain_unpause(d);
    }
    zfree(context);
    return rc;
}

long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct vcpu_guest_context *context;
    long rc;

    /* Two vCPUs of one domain could wait for each other to stop. */
    if (!v || v->domain == current->domain)
        return refuse(-EINVAL);
    if (!v->initialised)
        return refuse(-ENODATA);
    context = zalloc(sizeof(*context));
    if (!context)
        return -ENOMEM;
    vcpu_pause(v);
    vcpu_get_context(v, context);
    vcpu_unpause(v);
    rc = vcpu_context_write(d, handle_addr(op->ctxt), context);
    zfree(context);
    return rc;
}

long domctl_set_extended(struct domain *d, const struct xen_domctl_ext_vcpucontext *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);

    if (!v || d == current->domain)
        return refuse(-EINVAL);
    if (!is_canonical(op->sysenter_callback_eip) || !is_canonical(op->syscall32_callback_eip))
        return refuse(-EINVAL);
    vcpu_pause(v);
    v->arch.sysenter = (struct guest_callback){
        .address = op->sysenter_callback_eip,
        .cs = op->sysenter_callback_cs,
        .masks_events = op->sysenter_disables_events,
    };
    v->arch.syscall32 = (struct guest_callback){
        .address = op->syscall32_callback_eip,
        .cs = op->syscall32_callback_cs,
        .masks_events = op->syscall32_disables_events,
    };
    vcpu_unpause(v);
    return 0;
}

long domctl_get_extended(struct domain *d, struct xen_domctl_ext_vcpucontext *op)
{
    const struct vcpu *v = domain_vcpu(d, op->vcpu);

    if (!v)
        return refuse(-EINVAL);
    *op = (struct xen_domctl_ext_vcpucontext){
        .vcpu = v->id,
        .size = sizeof(*op),
        .sysenter_callback_eip = v->arch.sysenter.address,
        .sysenter_callback_cs = v->arch.sysenter.cs,
        .sysenter_disables_events = v->arch.sysenter.masks_events,
        .syscall32_callback_eip = v->arch.syscall32.address,
        .syscall32_callback_cs = v->arch.syscall32.cs,
        .syscall32_disables_events = v->arch.syscall32.masks_events,
    };
    return 0;
}

/* One register, and only where there is something in it. */
long domctl_get_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *op)
{
    const struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct xen_domctl_vcpu_msr msr = {.index = MSR_TSC_AUX};
    uint32_t room = op->msr_count;

    if (!v)
        return refuse(-EINVAL);
    op->msr_count = cpu_features.tsc_aux ? 1 : 0;
    if (!handle_addr(op->msrs))
        return 0;
    msr.value = v->arch.tsc_aux;
    if (!msr.value)
        op->msr_count = 0;
    if (room < op->msr_count)
        return refuse(-ENOBUFS);
    if (op->msr_count && !copy_to_guest(handle_addr(op->msrs), &msr, sizeof(msr)))
        return refuse(-EFAULT);
    return 0;
}

long domctl_set_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct xen_domctl_vcpu_msr msr;

    if (!v || d == current->domain || op->msr_count > 1)
        return refuse(-EINVAL);
    if (!op->msr_count)
        return 0;
    if (!copy_from_guest(&msr, handle_addr(op->msrs), sizeof(msr)))
        return refuse(-EFAULT);
    if (msr.index != MSR_TSC_AUX || msr.reserved || msr.value >> 32 || !cpu_features.tsc_aux) {
        op->msr_count = 0;
        return refuse(-EINVAL);
    }
    vcpu_pause(v);
    v->arch.tsc_aux = (uint32_t)msr.value;
    vcpu_unpause(v);
    return 0;
}

long domctl_send_trigger(struct domain *d, const struct xen_domctl_sendtrigger *op)
{
    struct vcpu *v = domain_vcpu(d, op->vcpu);

    if (!v)
        return refuse(-ESRCH);
    /* Buttons are for machines; a PV guest is told by XenStore. */
    if (op->trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
        return refuse(-ENOSYS);
    WRITE_ONCE(v->arch.nmi_pending, true);
    vcpu_unblock(v);
    return 0;
}
