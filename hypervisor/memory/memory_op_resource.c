/* XENMEM_acquire_resource: frames that Ringfort made for a domain, for the one that controls it. */
#include "domain/domain.h"
#include "grant/grant.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "memory/reservation.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Writes the MFNs of the frames from `*done` on until all are written, one fails or work waits. */
static long frames_list(struct domain *d, const struct xen_mem_acquire_resource *r, uint64_t *done)
{
    uint64_t list = handle_addr(r->frame_list);

    for (uint64_t i = *done; i < r->nr_frames; i++) {
        mfn_t m;
        int rc;

        if (i != *done && preempt_needed()) {
            *done = i;
            return -ERESTART;
        }
        rc = grant_shared_frame(d, (unsigned)(r->frame + i), &m);
        if (rc)
            return rc;
        if (!words_to_guest(list + i * word_size(), &m.n, 1))
            return refuse(-EFAULT);
    }
    return 0;
}

/* The caller wants to know how many frames there can be. */
static long size_answer(const struct domain *d, struct xen_mem_acquire_resource *r, uint64_t arg)
{
    r->nr_frames = grant_max_frames(d);
    return struct_to_guest(arg, r, xen_mem_acquire_resource) ? 0 : refuse(-EFAULT);
}

long memory_acquire_resource(uint64_t start, uint64_t arg)
{
    struct xen_mem_acquire_resource r;
    uint64_t done = start;
    struct domain *d;
    long rc;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);
    if (!struct_from_guest(&r, arg, xen_mem_acquire_resource))
        return refuse(-EFAULT);
    if (r.pad != 0 || r.type != XENMEM_resource_grant_table ||
        r.id != XENMEM_resource_grant_table_id_shared)
        return refuse(r.pad ? -EINVAL : -EOPNOTSUPP);
    if (start > r.nr_frames || r.frame > UINT32_MAX - r.nr_frames)
        return refuse(-EINVAL);
    if (!guest_range_ok(handle_addr(r.frame_list), r.nr_frames * word_size()))
        return refuse(-EFAULT);
    d = domain_get(r.domid);
    if (!d)
        return refuse(-ESRCH);
    if (d->state != DOMAIN_ALIVE)
        rc = -ESRCH;
    else if (r.nr_frames == 0)
        rc = handle_addr(r.frame_list) ? -EINVAL : size_answer(d, &r, arg);
    else
        rc = frames_list(d, &r, &done);
    domain_put(d);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_memory_op, 2,
                                 XENMEM_acquire_resource | done << MEMOP_EXTENT_SHIFT, arg);
    return rc;
}
