/*
 * The dying-table slot of a vCPU. A cleared entry, a new base pointer or a trapped store may drop
 * the last reference to a tree of tables; to take that down can be long, and there is no hypercall
 * to repeat. The table waits in the slot, partial, until the vCPU's exit path or its next MMU
 * operation has taken it down. The slot needs no reference: the partial state has one, and a table
 * that was finished or used again by somebody else is found not to be partial any more.
 */
#include "memory/dying.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/root.h"
#include "x86/current.h"

void dying_add(struct frame *f)
{
    struct vcpu *v = current;

    if (!mfn_is_named(v->memory.dying_table)) {
        v->memory.dying_table = frame_mfn(f);
        return;
    }
    /* At most one table dies in one element of an operation; a second one would be a mistake that
     * costs time, not safety. */
    while (type_is_partial(f->type) && type_undo(f))
        ;
}

int mmu_drain_dying(struct vcpu *v)
{
    mfn_t m = v->memory.dying_table;
    struct domain *d;
    struct frame *f;
    int rc = 0;

    if (likely(!mfn_is_named(m)))
        return 0;
    f = frame_of(m);
    d = frame_get_any(f);
    /* By now the frame may be anybody's. Of what is partial our reference keeps the owner; a page
     * that Ringfort shares does not, so its owner's lock is left alone. */
    if (d && type_is_partial(READ_ONCE(f->type))) {
        spin_lock(&d->paging_lock);
        if (type_is_partial(READ_ONCE(f->type)))
            rc = type_undo(f);
        spin_unlock(&d->paging_lock);
    }
    if (d)
        frame_put(f);
    if (!rc)
        v->memory.dying_table = INVALID_MFN;
    return rc;
}
