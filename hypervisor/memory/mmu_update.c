/* Batched page-table updates: mmu_update, update_va_mapping (SOSP'03 3.3.3). */
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/dirty_log.h"
#include "memory/entry_update.h"
#include "memory/frame_lookup.h"
#include "memory/guest_copy.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/update_parties.h"
#include "x86/current.h"

#define COMMAND_BITS UINT64_C(3)

/* An update of a frame that is no table (yet) is a checked store to data. */
static int data_update(struct update_parties *p, struct frame *f, uint64_t *slot, uint64_t value)
{
    int rc;

    if (!frame_get(f, p->table_owner))
        return refuse(-EINVAL);
    rc = type_get(f, type_key(FRAME_WRITABLE), true);
    if (!rc) {
        WRITE_ONCE(*slot, value);
        frame_put_type(f);
    }
    frame_put(f);
    return rc;
}

/* The table's owner's lock is held. */
static int entry_update_locked(struct update_parties *p, mfn_t m, unsigned index, uint64_t value,
                               bool preserve_ad)
{
    uint64_t *slot = (uint64_t *)mfn_to_virt(m) + index;
    struct frame *f = frame_of(m);
    uint64_t key;

    /* Nobody would come again for what is left half done in a domain whose frames are given back.
     */
    if (p->table_owner->state != DOMAIN_ALIVE)
        return refuse(-EINVAL);
    key = type_key_of_table(f, p->table_owner);
    if (!key)
        return data_update(p, f, slot, value);
    if (key_type(key) == FRAME_L1)
        return leaf_update(p->table_owner, p->page_owner, slot, value, preserve_ad);
    return table_entry_update(p->table_owner, f, index, value, preserve_ad);
}

static int entry_update(struct update_parties *p, const struct mmu_update *req, bool preserve_ad)
{
    maddr_t at = maddr(req->ptr & ~COMMAND_BITS);
    unsigned index = (at.a & ~PAGE_MASK) / sizeof(uint64_t);
    int rc;

    if (at.a % sizeof(uint64_t) || !mfn_valid(maddr_mfn(at)))
        return refuse(-EINVAL);
    spin_lock(&p->table_owner->paging_lock);
    rc = entry_update_locked(p, maddr_mfn(at), index, req->val, preserve_ad);
    spin_unlock(&p->table_owner->paging_lock);
    return rc;
}

static int machphys_update(struct update_parties *p, const struct mmu_update *req)
{
    mfn_t m = maddr_mfn(maddr(req->ptr));
    struct frame *f;

    if (!mfn_valid(m))
        return refuse(-EINVAL);
    f = frame_of(m);
    if (!frame_get(f, p->page_owner))
        return refuse(-EINVAL);
    pfn_assign(p->page_owner, m, req->val);
    frame_put(f);
    return 0;
}

static int update_one(struct update_parties *p, const struct mmu_update *req)
{
    switch (req->ptr & COMMAND_BITS) {
    case MMU_MACHPHYS_UPDATE:
        return machphys_update(p, req);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return entry_update(p, req, true);
    default:
        return entry_update(p, req, false);
    }
}

/* Updates from *index on until all are done, one fails, or it is time to stop (-ERESTART). */
static int updates_perform(struct update_parties *p, uint64_t list, unsigned count, unsigned *index)
{
    struct mmu_update req;
    int rc;

    for (*index = 0; *index < count; ++*index) {
        if (batch_is_cut(*index))
            return -ERESTART;
        if (!copy_from_guest(&req, list + *index * sizeof(req), sizeof(req)))
            return refuse(-EFAULT);
        rc = update_one(p, &req);
        if (rc)
            return rc;
    }
    return 0;
}

long do_mmu_update(uint64_t ureqs, unsigned count, uint64_t pdone, unsigned foreigndom)
{
    struct update_parties p;
    unsigned index = 0;
    uint32_t done = 0;
    int rc;

    if (pdone && (count & BATCH_RESUMED) && !copy_from_guest(&done, pdone, sizeof(done)))
        return refuse(-EFAULT);
    count &= ~BATCH_RESUMED;
    rc = mmu_drain_dying(current);
    if (!rc) {
        rc = parties_get(&p, foreigndom);
        if (rc)
            return rc;
        rc = updates_perform(&p, ureqs, count, &index);
        parties_put(&p);
    }
    done += index;
    if (pdone && !copy_to_guest(pdone, &done, sizeof(done)))
        return refuse(-EFAULT);
    if (rc == -ERESTART)
        return hypercall_restart(
            __HYPERVISOR_mmu_update, 4, ureqs + index * sizeof(struct mmu_update),
            (unsigned long)((count - index) | BATCH_RESUMED), pdone, (unsigned long)foreigndom);
    return rc;
}
