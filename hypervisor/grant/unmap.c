/*
 * GNTTABOP_unmap_grant_ref and unmap_and_replace, and the end of all mappings of a dying domain.
 * The page-table entry is cleared and stale translations are flushed first; only then the mapping's
 * references go, so that no processor can reach a frame that is given away.
 */
#include "grant/table.h"

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/mmu.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Handles that a dying domain's walk looks at between two preemption points. */
#define WALK_STEP 32

/* One mapping that is being taken down; its handle is reserved meanwhile. */
struct unmapping {
    uint32_t handle;
    struct grant_mapping was; /* as it was before */
    struct domain *granter;   /* with a reference */
    struct frame *frame;
};

struct unmap_request {
    uint64_t host_addr, dev_bus_addr, new_addr;
    uint32_t handle;
    bool replaces;
};

/* Reserves the mapping, so that a second unmap of it by another vCPU fails. The use that it holds
 * keeps the frame, and the frame its owner, so both are found. */
static bool reserve(struct grant_table *t, struct unmapping *u, uint32_t handle)
{
    struct grant_mapping *m;

    spin_lock(&t->lock);
    m = maptrack_find(&t->maptrack, handle);
    if (m) {
        u->handle = handle;
        u->was = *m;
        m->flags = MAPTRACK_RESERVED;
    }
    spin_unlock(&t->lock);
    if (!m)
        return false;
    u->granter = domain_get(u->was.granter);
    if (!u->granter)
        panic("grant mapping %u outlived its granter d%u", handle, u->was.granter);
    u->frame = grant_frame_in_use(u->granter, u->was.ref);
    return true;
}

/* Ends the reservation: drops the references of the kinds in `ends`, with the last of them the use,
 * and leaves the rest of the mapping under its handle. */
static void release(struct grant_table *t, const struct unmapping *u, uint16_t ends)
{
    bool writes = !(u->was.flags & GNTMAP_readonly);
    uint16_t left = u->was.flags & (uint16_t)~ends;
    bool lives_on = left & (GNTMAP_host_map | GNTMAP_device_map);

    if (u->was.flags & ends & GNTMAP_host_map)
        grant_put_frame(u->frame, writes);
    if (u->was.flags & ends & GNTMAP_device_map)
        grant_put_frame(u->frame, writes);
    if (!lives_on)
        grant_end_use(u->granter, u->was.ref, writes);

    spin_lock(&t->lock);
    if (lives_on)
        maptrack_reserved(&t->maptrack, u->handle)->flags = left;
    else
        maptrack_give_back(&t->maptrack, u->handle);
    spin_unlock(&t->lock);
    domain_put(u->granter);
}

static int clear_pte(const struct unmap_request *r, const struct unmapping *u)
{
    bool writes = !(u->was.flags & GNTMAP_readonly);
    mfn_t m = frame_mfn(u->frame);
    int rc;

    if (!(u->was.flags & GNTMAP_host_map))
        return GNTST_bad_virt_addr;
    if (!(u->was.flags & GNTMAP_contains_pte))
        rc = mmu_unmap_grant_va(r->host_addr, m, writes, r->new_addr);
    else if (!r->replaces)
        rc = mmu_unmap_grant_pte(maddr(r->host_addr), m, writes);
    else
        rc = -EOPNOTSUPP;
    return rc ? GNTST_bad_virt_addr : GNTST_okay;
}

static int unmap_one(const struct unmap_request *r)
{
    struct grant_table *own = current->domain->grants;
    int status = GNTST_okay;
    struct unmapping u;
    uint16_t ends = 0;

    if (!reserve(own, &u, r->handle))
        return GNTST_bad_handle;
    if (r->host_addr || r->replaces) {
        status = clear_pte(r, &u);
        if (status == GNTST_okay)
            ends |= GNTMAP_host_map;
    }
    if (status == GNTST_okay && r->dev_bus_addr)
        ends |= GNTMAP_device_map;
    release(own, &u, ends);
    return status;
}

long grant_op_unmap(uint64_t at)
{
    struct gnttab_unmap_grant_ref op;
    struct unmap_request r;

    if (!copy_from_guest(&op, at, sizeof(op)))
        return refuse(-EFAULT);
    r = (struct unmap_request){
        .host_addr = op.host_addr, .dev_bus_addr = op.dev_bus_addr, .handle = op.handle};
    return grant_report(at + offsetof(struct gnttab_unmap_grant_ref, status), unmap_one(&r));
}

long grant_op_unmap_and_replace(uint64_t at)
{
    struct gnttab_unmap_and_replace op;
    struct unmap_request r;

    if (!copy_from_guest(&op, at, sizeof(op)))
        return refuse(-EFAULT);
    r = (struct unmap_request){
        .host_addr = op.host_addr, .new_addr = op.new_addr, .handle = op.handle, .replaces = true};
    return grant_report(at + offsetof(struct gnttab_unmap_and_replace, status), unmap_one(&r));
}

/* No vCPU of `d` runs again, so nothing follows the translations that CPUs may still have of its
 * memory; what its page tables hold goes with them, later. */
int grant_release_mappings(struct domain *d)
{
    struct grant_table *t = d->grants;

    while (t->released < maptrack_size(&t->maptrack)) {
        uint32_t handle = t->released++;
        struct unmapping u;

        if (reserve(t, &u, handle))
            release(t, &u, GNTMAP_host_map | GNTMAP_device_map);
        if (handle % WALK_STEP == WALK_STEP - 1 && preempt_needed())
            return -ERESTART;
    }
    return 0;
}
