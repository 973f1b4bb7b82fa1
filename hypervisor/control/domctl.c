/* XEN_DOMCTL_*: what Domain0's tools do to domains. */
#include "hypercall/hypercall.h"

#include <xen/domctl.h>

#include "control/cpu_policy.h"
#include "control/create_request.h"
#include "control/domain_info.h"
#include "control/domctl_ops.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "time/time.h"
#include "x86/current.h"

/* Xen 4.20's tools. The structures of all operations but createdomain are laid out as in 4.17's
 * version of the interface. */
#define DOMCTL_VERSION_4_20 0x17

#define TSC_NEVER_EMULATED 2 /* tsc_mode of guests that read the processor's own */

static long max_mem(struct domain *d, uint64_t kib)
{
    d->max_pages = MIN(kib, UINT64_MAX >> 12) / (PAGE_SIZE / 1024);
    return 0;
}

static long set_handle(struct domain *d, const struct xen_domctl_setdomainhandle *op)
{
    memcpy(d->handle, op->handle, sizeof(d->handle));
    return 0;
}

/* Every domain reads the processor's counter. What is carried over from another machine cannot be
 * kept up without trapping it, so a request for that is refused. */
static long set_tsc(struct domain *d, const struct xen_domctl_tsc_info *info)
{
    if (info->tsc_mode != 0 && info->tsc_mode != TSC_NEVER_EMULATED)
        return refuse(-EOPNOTSUPP);
    d->time.tsc_mode = info->tsc_mode;
    return 0;
}

static long get_tsc(const struct domain *d, struct xen_domctl_tsc_info *info)
{
    *info = (struct xen_domctl_tsc_info){.tsc_mode = TSC_NEVER_EMULATED};
    return 0;
}

static long node_affinity(const struct xen_domctl_nodeaffinity *op)
{
    const uint8_t node_0 = 1;

    if (op->nodemap.nr_bits && !copy_to_guest(handle_addr(op->nodemap.bitmap), &node_0, 1))
        return refuse(-EFAULT);
    return 0;
}

/* Domains begin with 64 bits. */
static long set_width(struct domain *d, unsigned bits)
{
    if (bits == (d->is_compat ? 32 : 64))
        return 0;
    return bits == 32 ? domain_make_compat(d, COMPAT_HOLE_DEFAULT) : refuse(-EOPNOTSUPP);
}

/* Operations on a vCPU or on what limits a domain. */
static long perform_setting(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_setvcpuaffinity:
        return domctl_set_affinity(d, &op->u.vcpuaffinity);
    case XEN_DOMCTL_getvcpuaffinity:
        return domctl_get_affinity(d, &op->u.vcpuaffinity);
    case XEN_DOMCTL_scheduler_op:
        return domctl_scheduler_op(d, &op->u.scheduler_op);
    case XEN_DOMCTL_setnodeaffinity:
        return 0;
    case XEN_DOMCTL_getnodeaffinity:
        return node_affinity(&op->u.nodeaffinity);
    case XEN_DOMCTL_max_mem:
        return max_mem(d, op->u.max_mem.max_memkb);
    case XEN_DOMCTL_setdomainhandle:
        return set_handle(d, &op->u.setdomainhandle);
    case XEN_DOMCTL_settimeoffset:
        time_set_offset(d, op->u.settimeoffset.time_offset_seconds);
        return 0;
    case XEN_DOMCTL_settscinfo:
        return set_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_gettscinfo:
        return get_tsc(d, &op->u.tsc_info);
    case XEN_DOMCTL_set_address_size:
        return set_width(d, op->u.address_size.size);
    case XEN_DOMCTL_get_cpu_policy:
        return domctl_get_cpu_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_set_cpu_policy:
        return domctl_set_cpu_policy(d, &op->u.cpu_policy);
    case XEN_DOMCTL_get_address_size:
        op->u.address_size.size = d->is_compat ? 32 : 64;
        return 0;
    default:
        return op->interface_version == DOMCTL_VERSION_4_20 ? domctl_added_4_20(op->cmd, &op->u)
                                                            : refuse(-ENOSYS);
    }
}

static long perform_registers(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_setvcpucontext:
        return domctl_set_context(d, &op->u.vcpucontext);
    case XEN_DOMCTL_getvcpucontext:
        return domctl_get_context(d, &op->u.vcpucontext);
    case XEN_DOMCTL_set_ext_vcpucontext:
        return domctl_set_extended(d, &op->u.ext_vcpucontext);
    case XEN_DOMCTL_get_ext_vcpucontext:
        return domctl_get_extended(d, &op->u.ext_vcpucontext);
    case XEN_DOMCTL_setvcpuextstate:
        return domctl_set_xsave(d, &op->u.vcpuextstate);
    case XEN_DOMCTL_getvcpuextstate:
        return domctl_get_xsave(d, &op->u.vcpuextstate);
    case XEN_DOMCTL_set_vcpu_msrs:
        return domctl_set_msrs(d, &op->u.vcpu_msrs);
    case XEN_DOMCTL_get_vcpu_msrs:
        return domctl_get_msrs(d, &op->u.vcpu_msrs);
    case XEN_DOMCTL_sendtrigger:
        return domctl_send_trigger(d, &op->u.sendtrigger);
    default:
        return perform_setting(d, op);
    }
}

static long perform(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_destroydomain:
        return domctl_destroy(d);
    case XEN_DOMCTL_pausedomain:
        return domctl_pause(d);
    case XEN_DOMCTL_unpausedomain:
        return domctl_unpause(d);
    case XEN_DOMCTL_resumedomain:
        return d == current->domain ? refuse(-EINVAL) : domain_resume(d);
    case XEN_DOMCTL_max_vcpus:
        return domctl_max_vcpus(d, op->u.max_vcpus.max);
    case XEN_DOMCTL_getdomaininfo:
        domain_info_fill(d, &op->u.getdomaininfo);
        op->domain = d->id;
        return 0;
    case XEN_DOMCTL_getvcpuinfo:
        return vcpu_info_fill(d, &op->u.getvcpuinfo);
    case XEN_DOMCTL_getpageframeinfo3:
        return domctl_frame_kinds(d, &op->u.getpageframeinfo3);
    case XEN_DOMCTL_hypercall_init:
        return domctl_hypercall_page(d, &op->u.hypercall_init);
    case XEN_DOMCTL_shadow_op:
        return domctl_shadow_op(d, &op->u.shadow_op);
    default:
        return perform_registers(d, op);
    }
}

/* The domain an operation is about. Asking for information finds the next one after a gap, which is
 * how tools walk over all. */
static struct domain *subject(const struct xen_domctl *op)
{
    if (op->cmd == XEN_DOMCTL_getdomaininfo && op->domain < MAX_DOMAINS)
        return domain_at_or_after(op->domain);
    return domain_get(op->domain);
}

static long create(struct xen_domctl *op)
{
    struct create_request request;

    if (op->interface_version == DOMCTL_VERSION_4_20)
        create_request_4_20(&request, &op->u);
    else
        create_request_4_17(&request, &op->u);
    return domctl_create(&request, &op->domain);
}

/* Operations whose refusal comes back with what is wrong, how much is needed or how far it came. */
static bool tells_reason(uint32_t cmd)
{
    return cmd == XEN_DOMCTL_shadow_op || cmd == XEN_DOMCTL_set_cpu_policy ||
           cmd == XEN_DOMCTL_get_vcpu_msrs || cmd == XEN_DOMCTL_set_vcpu_msrs;
}

long do_domctl(uint64_t arg)
{
    struct xen_domctl op;
    struct domain *d;
    long rc;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION &&
        op.interface_version != DOMCTL_VERSION_4_20)
        return refuse(-EACCES);

    if (op.cmd == XEN_DOMCTL_createdomain) {
        rc = create(&op);
    } else {
        d = subject(&op);
        if (!d)
            return -ESRCH;
        rc = perform(d, &op);
        domain_put(d);
    }
    if ((rc == 0 || tells_reason(op.cmd)) && !copy_to_guest(arg, &op, sizeof(op)))
        return refuse(-EFAULT);
    return rc;
}
