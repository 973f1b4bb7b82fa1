/* Extended MMU operations: pinning, base pointers, flushes, descriptor table, whole pages. */
#include "domain/domain.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/descriptor_tables.h"
#include "memory/flush_set.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/root.h"
#include "memory/tlb.h"
#include "memory/update_parties.h"
#include "x86/current.h"

/* One batch. */
struct mmuext_batch {
    struct update_parties parties;
    bool flush; /* everything, on this CPU, before the guest goes on */
};

int mmu_pin(struct domain *d, mfn_t m, int type)
{
    int rc;

    /* A 32-bit guest's top is level 3; a level-4 table of its own would be nobody's. */
    if (type < FRAME_L1 || type > (d->is_compat ? FRAME_L3 : FRAME_L4) || !mfn_valid(m))
        return refuse(-EINVAL);
    spin_lock(&d->paging_lock);
    rc = d->state == DOMAIN_ALIVE ? type_pin(frame_of(m), d, type_key(type)) : -EINVAL;
    spin_unlock(&d->paging_lock);
    return rc;
}

static int unpin(struct domain *d, mfn_t m)
{
    struct frame *f;
    int rc;

    if (!mfn_valid(m))
        return refuse(-EINVAL);
    f = frame_of(m);
    if (!frame_get(f, d))
        return refuse(-EINVAL);
    spin_lock(&d->paging_lock);
    rc = type_unpin(f);
    spin_unlock(&d->paging_lock);
    frame_put(f);
    return rc;
}

/* CLEAR_PAGE and COPY_PAGE: `src` is NULL or the frame to copy. */
static int page_fill(struct domain *d, mfn_t m, const struct frame *src)
{
    struct frame *f;

    if (!mfn_valid(m))
        return refuse(-EINVAL);
    f = frame_of(m);
    if (frame_get_typed(f, d, FRAME_WRITABLE))
        return refuse(-EINVAL);
    if (src)
        copy_page(mfn_to_virt(m), mfn_to_virt(frame_mfn(src)));
    else
        clear_page(mfn_to_virt(m));
    frame_put_typed(f);
    return 0;
}

static int page_copy(struct domain *d, mfn_t to, mfn_t from)
{
    struct frame *src;
    int rc;

    if (!mfn_valid(from))
        return refuse(-EINVAL);
    src = frame_of(from);
    if (!frame_get(src, d))
        return refuse(-EINVAL);
    rc = page_fill(d, to, src);
    frame_put(src);
    return rc;
}

/* A flush on several CPUs: all of the domain's, or those of the set in the operation. */
static int flush_many(const struct mmuext_op *op, bool all, bool page)
{
    cpumask_t cpus;

    if (all)
        tlb_domain_cpus(current->domain, &cpus);
    else if (!flush_set_of_vcpus(handle_addr(op->arg2.vcpumask), &cpus))
        return refuse(-EINVAL);
    if (page)
        tlb_flush_page_mask(&cpus, op->arg1.linear_addr);
    else
        tlb_flush_mask(&cpus);
    return 0;
}

static int flush_cache(void)
{
    if (!current->domain->is_hardware)
        return refuse(-EACCES);
    cache_flush_all();
    return 0;
}

static int base_pointer(struct mmuext_batch *batch, mfn_t root, bool user)
{
    int rc;

    if (batch->parties.page_owner != current->domain)
        return refuse(-EPERM);
    rc = root_switch(root, user);
    if (!rc && root_mode == ROOT_GLOBAL)
        batch->flush = true;
    return rc;
}

static int op_perform(struct mmuext_batch *batch, const struct mmuext_op *op)
{
    struct domain *d = batch->parties.page_owner;
    mfn_t m = mfn(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return mmu_pin(d, m, FRAME_L1 + (op->cmd - MMUEXT_PIN_L1_TABLE));
    case MMUEXT_UNPIN_TABLE:
        return unpin(d, m);
    case MMUEXT_NEW_BASEPTR:
        return base_pointer(batch, m, false);
    case MMUEXT_NEW_USER_BASEPTR:
        return base_pointer(batch, m, true);
    case MMUEXT_TLB_FLUSH_LOCAL:
        batch->flush = true;
        return 0;
    case MMUEXT_INVLPG_LOCAL:
        if (guest_range_ok(op->arg1.linear_addr, 1))
            tlb_flush_page_local(op->arg1.linear_addr);
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI:
        return flush_many(op, false, false);
    case MMUEXT_INVLPG_MULTI:
        return flush_many(op, false, true);
    case MMUEXT_TLB_FLUSH_ALL:
        return flush_many(op, true, false);
    case MMUEXT_INVLPG_ALL:
        return flush_many(op, true, true);
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return flush_cache();
    case MMUEXT_SET_LDT:
        return set_ldt(op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_CLEAR_PAGE:
        return page_fill(d, m, NULL);
    case MMUEXT_COPY_PAGE:
        return page_copy(d, m, mfn(op->arg2.src_mfn));
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return refuse(-EOPNOTSUPP);
    default:
        return refuse(-ENOSYS);
    }
}

/* Operations from the first until all are done, one fails, or it is time to stop (-ERESTART). */
static int ops_perform(struct mmuext_batch *batch, uint64_t list, unsigned count, unsigned *index)
{
    struct mmuext_op op;
    int rc;

    for (*index = 0; *index < count; ++*index) {
        if (batch_is_cut(*index))
            return -ERESTART;
        if (!struct_from_guest(&op, list + *index * guest_sizeof(mmuext_op), mmuext_op))
            return refuse(-EFAULT);
        rc = op_perform(batch, &op);
        if (rc)
            return rc;
    }
    return 0;
}

long do_mmuext_op(uint64_t uops, unsigned count, uint64_t pdone, unsigned foreigndom)
{
    struct mmuext_batch batch = {0};
    unsigned index = 0;
    uint32_t done = 0;
    int rc;

    if (pdone && (count & BATCH_RESUMED) && !copy_from_guest(&done, pdone, sizeof(done)))
        return refuse(-EFAULT);
    count &= ~BATCH_RESUMED;
    rc = mmu_drain_dying(current);
    if (!rc) {
        rc = parties_get(&batch.parties, foreigndom);
        if (rc)
            return rc;
        rc = ops_perform(&batch, uops, count, &index);
        parties_put(&batch.parties);
    }
    if (batch.flush)
        tlb_flush_local();
    done += index;
    if (pdone && !copy_to_guest(pdone, &done, sizeof(done)))
        return refuse(-EFAULT);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_mmuext_op, 4, uops + index * guest_sizeof(mmuext_op),
                                 (unsigned long)((count - index) | BATCH_RESUMED), pdone,
                                 (unsigned long)foreigndom);
    return rc;
}
