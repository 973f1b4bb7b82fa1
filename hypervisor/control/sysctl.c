/* XEN_SYSCTL_*: the tools' questions about the machine. The structures that are served here are
 * laid out alike in both releases of the tools. */
#include "hypercall/hypercall.h"

#include <xen/sysctl.h>

#include "control/console.h"
#include "control/cpu_policy.h"
#include "control/domain_info.h"
#include "control/topology.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"

#define CHUNK 512
#define MAX_DEBUG_KEYS 32

/* In pieces: nothing may wait for the guest's page while the ring is locked. */
static long read_ring(struct xen_sysctl_readconsole *op)
{
    uint64_t to = handle_addr(op->buffer);
    uint32_t index = op->index, done = 0;
    bool incremental = op->incremental;
    char text[CHUNK];

    while (done < op->count) {
        size_t n =
            console_ring_read(text, MIN(op->count - done, CHUNK), &index, false, incremental);

        if (n == 0)
            break;
        if (!copy_to_guest(to + done, text, n))
            return refuse(-EFAULT);
        done += n;
        incremental = true;
    }
    /* Cleared once all is out, and only then: nothing to read is asked for. */
    if (op->clear)
        console_ring_read(text, 0, &index, true, true);
    op->index = index;
    op->count = done;
    return 0;
}

/* One domain after the other, each looked for anew, so that none is held while memory of the caller
 * is written. */
static long domain_list_op(struct xen_sysctl_getdomaininfolist *op)
{
    uint64_t to = handle_addr(op->buffer);
    uint32_t id = op->first_domain;

    for (op->num_domains = 0; op->num_domains < op->max_domains; op->num_domains++) {
        struct xen_domctl_getdomaininfo info;
        struct domain *d = domain_at_or_after(id);

        if (!d)
            break;
        domain_info_fill(d, &info);
        id = d->id + 1u;
        domain_put(d);
        if (!copy_to_guest(to + op->num_domains * sizeof(info), &info, sizeof(info)))
            return refuse(-EFAULT);
    }
    return 0;
}

static long debug_keys_op(const struct xen_sysctl_debug_keys *op)
{
    char keys[MAX_DEBUG_KEYS];

    if (op->nr_keys > MAX_DEBUG_KEYS)
        return refuse(-E2BIG);
    if (!copy_from_guest(keys, handle_addr(op->keys), op->nr_keys))
        return refuse(-EFAULT);
    for (unsigned i = 0; i < op->nr_keys; i++)
        debug_key(keys[i]);
    return 0;
}

/* Free memory is one pool; a restriction to low addresses is not kept apart. */
static long available_heap(struct xen_sysctl_availheap *op)
{
    if (op->node > 0)
        return refuse(-EINVAL);
    op->avail_bytes = frames_free() << PAGE_SHIFT;
    return 0;
}

/* The tools ask for credit2's one global parameter. How long a vCPU may keep the processor is BVT's
 * context-switch allowance, for which they have no place. */
static long scheduler_op(struct xen_sysctl_scheduler_op *op)
{
    if (op->cpupool_id != 0)
        return refuse(-ESRCH);
    if (op->sched_id != XEN_SCHEDULER_CREDIT2 || op->cmd != XEN_SYSCTL_SCHEDOP_getinfo)
        return refuse(-EINVAL);
    op->u.sched_credit2 = (struct xen_sysctl_credit2_schedule){0};
    return 0;
}

static long perform(struct xen_sysctl *op)
{
    switch (op->cmd) {
    case XEN_SYSCTL_readconsole:
        return read_ring(&op->u.readconsole);
    case XEN_SYSCTL_physinfo:
        return sysctl_physinfo(&op->u.physinfo);
    case XEN_SYSCTL_sched_id:
        op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        return 0;
    case XEN_SYSCTL_scheduler_op:
        return scheduler_op(&op->u.scheduler_op);
    case XEN_SYSCTL_getdomaininfolist:
        return domain_list_op(&op->u.getdomaininfolist);
    case XEN_SYSCTL_debug_keys:
        return debug_keys_op(&op->u.debug_keys);
    case XEN_SYSCTL_availheap:
        return available_heap(&op->u.availheap);
    case XEN_SYSCTL_get_pmstat:
    case XEN_SYSCTL_pm_op:
        return -ENODEV;
    case XEN_SYSCTL_cputopoinfo:
        return sysctl_cputopoinfo(&op->u.cputopoinfo);
    case XEN_SYSCTL_numainfo:
        return sysctl_numainfo(&op->u.numainfo);
    case XEN_SYSCTL_cpupool_op:
        return sysctl_cpupool_op(&op->u.cpupool_op);
    case XEN_SYSCTL_get_cpu_featureset:
        return sysctl_cpu_featureset(&op->u.cpu_featureset);
    case XEN_SYSCTL_get_cpu_policy:
        return sysctl_cpu_policy(&op->u.cpu_policy);
    case XEN_SYSCTL_pcitopoinfo:
        return sysctl_pcitopoinfo(&op->u.pcitopoinfo);
    default:
        return refuse(-ENOSYS);
    }
}

long do_sysctl(uint64_t arg)
{
    struct xen_sysctl op;
    long rc;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return refuse(-EACCES);
    rc = perform(&op);
    /* Too little room is told together with how much was filled. */
    if ((rc == 0 || rc == -ENOBUFS) && !copy_to_guest(arg, &op, sizeof(op)))
        return refuse(-EFAULT);
    return rc;
}
