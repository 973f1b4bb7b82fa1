/*
 * GNTTABOP_map_grant_ref. A mapping holds: the use of the grant (which holds the frame), a mapping
 * record under its handle, and for the processor and for a device each a reference and, if it
 * writes, a writable type reference of its own. The page-table entry has others besides, which go
 * when a guest clears it by other means; ours stay until the mapping ends, so that the granter
 * cannot make a page table of the frame while a stale translation may still lead to it.
 */
#include "grant/table.h"

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/mmu.h"
#include "x86/current.h"

#define PTE_USER (UINT64_C(1) << 2)
#define PTE_AVAIL_SHIFT 9 /* three bits that the processor ignores */

/* Bits that the guest chooses for its entry. */
static uint64_t pte_bits(uint32_t flags)
{
    uint64_t bits = (uint64_t)(flags >> _GNTMAP_guest_avail0 & 7) << PTE_AVAIL_SHIFT;

    return flags & GNTMAP_application_map ? bits | PTE_USER : bits;
}

static int enter_pte(const struct gnttab_map_grant_ref *op, struct frame *f, bool writes)
{
    int rc =
        op->flags & GNTMAP_contains_pte
            ? mmu_map_grant_pte(maddr(op->host_addr), frame_mfn(f), writes, pte_bits(op->flags))
            : mmu_map_grant_va(op->host_addr, frame_mfn(f), writes, pte_bits(op->flags));

    return rc ? GNTST_bad_virt_addr : GNTST_okay;
}

/* Takes the references of each kind of mapping asked for; the entry comes last, as nothing fails
 * after it. What fails gives back what it took. */
static int install(const struct gnttab_map_grant_ref *op, struct domain *granter, struct frame *f)
{
    bool writes = !(op->flags & GNTMAP_readonly);
    int status;

    if (op->flags & GNTMAP_device_map) {
        status = grant_take_frame(f, granter, writes);
        if (status != GNTST_okay)
            return status;
    }
    if (!(op->flags & GNTMAP_host_map))
        return GNTST_okay;

    status = grant_take_frame(f, granter, writes);
    if (status == GNTST_okay) {
        status = enter_pte(op, f, writes);
        if (status == GNTST_okay)
            return GNTST_okay;
        grant_put_frame(f, writes);
    }
    if (op->flags & GNTMAP_device_map)
        grant_put_frame(f, writes);
    return status;
}

static int map_frame(struct gnttab_map_grant_ref *op, struct domain *granter)
{
    bool writes = !(op->flags & GNTMAP_readonly);
    struct frame *f;
    int status = grant_use(granter, op->ref, current->domain->id, writes, &f);

    if (status != GNTST_okay)
        return status;
    status = install(op, granter, f);
    if (status != GNTST_okay) {
        grant_end_use(granter, op->ref, writes);
        return status;
    }
    op->dev_bus_addr = mfn_maddr(frame_mfn(f)).a;
    return GNTST_okay;
}

static uint32_t take_handle(struct grant_table *t)
{
    uint32_t handle;

    spin_lock(&t->lock);
    handle = maptrack_take(&t->maptrack);
    spin_unlock(&t->lock);
    return handle;
}

/* Fills the record of a finished mapping, or frees it. */
static void settle_handle(struct grant_table *t, uint32_t handle,
                          const struct gnttab_map_grant_ref *op, domid_t granter, int status)
{
    struct grant_mapping *m;

    spin_lock(&t->lock);
    if (status == GNTST_okay) {
        m = maptrack_reserved(&t->maptrack, handle);
        m->ref = op->ref;
        m->granter = granter;
        m->flags = (uint16_t)(op->flags & (GNTMAP_device_map | GNTMAP_host_map | GNTMAP_readonly |
                                           GNTMAP_application_map | GNTMAP_contains_pte));
    } else {
        maptrack_give_back(&t->maptrack, handle);
    }
    spin_unlock(&t->lock);
}

static int map_one(struct gnttab_map_grant_ref *op)
{
    struct grant_table *own = current->domain->grants;
    struct domain *granter;
    uint32_t handle;
    int status;

    if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map)))
        return GNTST_bad_gntref;
    granter = domain_get(op->dom);
    if (!granter)
        return GNTST_bad_domain;
    handle = take_handle(own);
    if (handle == NO_HANDLE) {
        domain_put(granter);
        return GNTST_no_device_space;
    }
    status = map_frame(op, granter);
    settle_handle(own, handle, op, granter->id, status);
    op->handle = handle;
    domain_put(granter);
    return status;
}

long grant_op_map(uint64_t at)
{
    struct gnttab_map_grant_ref op;

    if (!copy_from_guest(&op, at, sizeof(op)))
        return refuse(-EFAULT);
    op.status = (int16_t)map_one(&op);
    if (!copy_to_guest(at, &op, sizeof(op)))
        return refuse(-EFAULT);
    return 0;
}
