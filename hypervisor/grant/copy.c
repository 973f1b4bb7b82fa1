/* GNTTABOP_copy: Ringfort copies between a granted frame and one of the caller's, so that network
 * packets need no mapping and no TLB flush. */
#include "grant/table.h"

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/mapping.h"
#include "x86/current.h"

/* One end of a copy, with what it holds. */
struct end {
    struct domain *owner;
    struct frame *frame;
    bool is_grant, writes;
    uint32_t ref;
};

static int open_grant(struct end *e)
{
    int status = grant_use(e->owner, e->ref, current->domain->id, e->writes, &e->frame);

    if (status != GNTST_okay)
        return status;
    status = grant_take_frame(e->frame, e->owner, e->writes);
    if (status != GNTST_okay)
        grant_end_use(e->owner, e->ref, e->writes);
    return status;
}

static int open_own(struct end *e, xen_pfn_t frame)
{
    if (e->owner != current->domain)
        return GNTST_permission_denied;
    if (!mfn_valid(mfn(frame)))
        return GNTST_bad_page;
    e->frame = frame_of(mfn(frame));
    return grant_take_frame(e->frame, e->owner, e->writes);
}

static int open_end(struct end *e, const struct gnttab_copy_ptr *ptr, bool is_grant, bool writes)
{
    int status;

    *e = (struct end){.is_grant = is_grant, .writes = writes};
    e->owner = domain_get(ptr->domid);
    if (!e->owner)
        return GNTST_bad_domain;
    if (is_grant)
        e->ref = ptr->u.ref;
    status = is_grant ? open_grant(e) : open_own(e, ptr->u.gmfn);
    if (status != GNTST_okay)
        domain_put(e->owner);
    return status;
}

static void close_end(const struct end *e)
{
    grant_put_frame(e->frame, e->writes);
    if (e->is_grant)
        grant_end_use(e->owner, e->ref, e->writes);
    domain_put(e->owner);
}

static int copy_one(const struct gnttab_copy *op)
{
    struct end from, to;
    int status;

    if (op->source.offset + op->len > PAGE_SIZE || op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    status = open_end(&from, &op->source, op->flags & GNTCOPY_source_gref, false);
    if (status != GNTST_okay)
        return status;
    status = open_end(&to, &op->dest, op->flags & GNTCOPY_dest_gref, true);
    if (status == GNTST_okay) {
        /* Both ends may be one frame. */
        memmove((char *)mfn_to_virt(frame_mfn(to.frame)) + op->dest.offset,
                (const char *)mfn_to_virt(frame_mfn(from.frame)) + op->source.offset, op->len);
        close_end(&to);
    }
    close_end(&from);
    return status;
}

long grant_op_copy(uint64_t at)
{
    struct gnttab_copy op;

    if (!struct_from_guest(&op, at, gnttab_copy))
        return refuse(-EFAULT);
    return grant_report(at + guest_offsetof(gnttab_copy, status), copy_one(&op));
}
