/* GNTTABOP_transfer: a frame changes hands together with what is in it, into an entry that its new
 * owner keeps open for it. */
#include "grant/table.h"

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "x86/current.h"

static int hand_over(struct domain *to, uint32_t ref, struct frame *f)
{
    if (frame_mfn(f).n >> (to->address_bits - PAGE_SHIFT))
        return GNTST_address_too_big;
    return grant_accept(to, ref, current->domain->id, f);
}

/* The frame is lost to the caller whether or not its new owner gets it, as the ABI wants it; only
 * GNTST_bad_page leaves it where it is. */
static int transfer_one(const struct gnttab_transfer *op)
{
    mfn_t m = mfn(op->mfn);
    struct domain *to;
    int status;

    if (!mfn_valid(m) || !domain_detach_frame(current->domain, frame_of(m)))
        return GNTST_bad_page;
    to = domain_get(op->domid);
    status = to ? hand_over(to, op->ref, frame_of(m)) : GNTST_bad_domain;
    if (status != GNTST_okay)
        page_free(mfn_to_virt(m), 0);
    if (to)
        domain_put(to);
    return status;
}

long grant_op_transfer(uint64_t at)
{
    struct gnttab_transfer op;

    if (!struct_from_guest(&op, at, gnttab_transfer))
        return refuse(-EFAULT);
    return grant_report(at + guest_offsetof(gnttab_transfer, status), transfer_one(&op));
}
