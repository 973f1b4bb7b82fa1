/* Using a grant: what a mapping and a copy have in common, and what a transfer finds there. */
#include "grant/table.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"

static struct grant_entry_v1 *shared_of(const struct grant_table *t, uint32_t ref)
{
    struct grant_entry_v1 *page = t->shared[ref / GRANTS_PER_FRAME];

    return page ? &page[ref % GRANTS_PER_FRAME] : NULL;
}

/* The first use takes the reference that all uses share; the frame must be the granter's now, and
 * of its own memory: what Ringfort shares with it (its grant table, its clock) does not keep the
 * granter's structure, which the end of the use needs. */
static int hold_frame(struct domain *granter, const struct grant_active *active)
{
    mfn_t m = mfn(active->frame);

    if (!mfn_valid(m) || !frame_get(frame_of(m), granter))
        return GNTST_bad_page;
    if (frame_is_shared(frame_of(m))) {
        frame_put(frame_of(m));
        return GNTST_bad_page;
    }
    return GNTST_okay;
}

/* GNTST_okay when the domain has such an entry: while it lives, its frames are there. Lock held. */
static int find(struct domain *granter, uint32_t ref)
{
    struct grant_table *t = granter->grants;

    if (granter->state != DOMAIN_ALIVE)
        return GNTST_bad_domain;
    if (ref / GRANTS_PER_FRAME >= t->nr_frames)
        return GNTST_bad_gntref;
    return GNTST_okay;
}

/* Lock held. */
static int begin(struct domain *granter, uint32_t ref, domid_t user, bool writes)
{
    struct grant_table *t = granter->grants;
    struct grant_active *active;
    int status = find(granter, ref);
    bool first;

    if (status != GNTST_okay)
        return status;
    active = grant_active_of(t, ref);
    first = !grant_in_use(active);
    status = grant_begin(shared_of(t, ref), active, user, writes);
    if (status != GNTST_okay || !first)
        return status;
    status = hold_frame(granter, active);
    if (status != GNTST_okay)
        grant_end(shared_of(t, ref), active, writes);
    return status;
}

int grant_use(struct domain *granter, uint32_t ref, domid_t user, bool writes, struct frame **frame)
{
    struct grant_table *t = granter->grants;
    int status;

    spin_lock(&t->lock);
    status = begin(granter, ref, user, writes);
    if (status == GNTST_okay)
        *frame = frame_of(mfn(grant_active_of(t, ref)->frame));
    spin_unlock(&t->lock);
    return status;
}

void grant_end_use(struct domain *granter, uint32_t ref, bool writes)
{
    struct grant_table *t = granter->grants;
    struct frame *unused = NULL;
    struct grant_active *active;

    spin_lock(&t->lock);
    active = grant_active_of(t, ref);
    grant_end(shared_of(t, ref), active, writes);
    if (!grant_in_use(active))
        unused = frame_of(mfn(active->frame));
    spin_unlock(&t->lock);
    if (unused)
        frame_put(unused);
}

struct frame *grant_frame_in_use(struct domain *granter, uint32_t ref)
{
    const struct grant_active *active = grant_active_of(granter->grants, ref);

    assert(grant_in_use(active));
    return frame_of(mfn(active->frame));
}

int grant_take_frame(struct frame *f, struct domain *owner, bool writes)
{
    if (!writes)
        return frame_get(f, owner) ? GNTST_okay : GNTST_bad_page;
    switch (frame_get_typed(f, owner, FRAME_WRITABLE)) {
    case 0:
        return GNTST_okay;
    case -ERESTART:
        return GNTST_eagain;
    default:
        return GNTST_bad_page;
    }
}

void grant_put_frame(struct frame *f, bool writes)
{
    if (writes)
        frame_put_typed(f);
    else
        frame_put(f);
}

static int accept(struct domain *to, uint32_t ref, domid_t from, struct frame *f)
{
    struct grant_entry_v1 *entry;
    int status = find(to, ref);

    if (status != GNTST_okay)
        return status;
    /* The end of that use would take a flag of this one with it. */
    if (grant_in_use(grant_active_of(to->grants, ref)))
        return GNTST_general_error;
    entry = shared_of(to->grants, ref);
    status = grant_commit(entry, from);
    if (status != GNTST_okay)
        return status;
    if (domain_attach_frame(to, f)) {
        grant_reopen(entry);
        return GNTST_general_error;
    }
    grant_complete(entry, (uint32_t)frame_mfn(f).n);
    return GNTST_okay;
}

int grant_accept(struct domain *to, uint32_t ref, domid_t from, struct frame *f)
{
    int status;

    spin_lock(&to->grants->lock);
    status = accept(to, ref, from, f);
    spin_unlock(&to->grants->lock);
    return status;
}
