/*
 * Leaves for grant mappings. The leaf holds references of its own, beside those of the grant: a
 * guest that clears or overwrites it by other means drops exactly these, and the grant's stay with
 * the grant until it is unmapped.
 */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/entry_update.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/tlb.h"
#include "memory/validate.h"
#include "x86/current.h"

#define EXTRA_BITS (PTE_USER | PTE_AVAIL | (PTE_AVAIL_HIGH & ~PTE_KERNEL) | PTE_NX)

/* The entry at a machine address, when that lies in a live level-1 table of the domain. */
static uint64_t *slot_at(struct domain *d, maddr_t pte)
{
    mfn_t m = maddr_mfn(pte);

    if (pte.a % sizeof(uint64_t) || !mfn_valid(m))
        return NULL;
    if (key_type(type_key_of_table(frame_of(m), d)) != FRAME_L1)
        return NULL;
    return maddr_to_virt(pte);
}

static uint64_t *slot_of(struct domain *d, uint64_t va)
{
    return guest_range_ok(va, 1) ? leaf_slot(d, current->memory.kernel_root, va) : NULL;
}

/* Takes the leaf's references, whoever owns the frame: the grant has settled that it may be. */
static int granted_get(mfn_t m, bool writable)
{
    struct frame *f;
    int rc = 0;

    if (!mfn_valid(m))
        return refuse(-EINVAL);
    f = frame_of(m);
    if (!frame_get_any(f))
        return refuse(-EINVAL);
    if (writable)
        rc = frame_get_type(f, FRAME_WRITABLE);
    if (rc)
        frame_put(f);
    /* Of an unprivileged domain nothing is left when it unmaps: see flush_unmapped(). */
    else if (writable && current->domain->is_privileged)
        type_note_lent(f);
    return rc;
}

static int slot_map(struct domain *d, uint64_t *slot, mfn_t m, bool writable, uint64_t extra_bits)
{
    uint64_t e = pte_make(m, PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | (extra_bits & EXTRA_BITS));
    uint64_t old;
    int rc;

    if (!slot)
        return refuse(-EINVAL);
    rc = granted_get(m, writable);
    if (rc)
        return rc;
    if (writable)
        e |= PTE_WRITE;
    old = READ_ONCE(*slot);
    WRITE_ONCE(*slot, pte_complete_leaf(e, d->is_compat, root_mode == ROOT_GLOBAL));
    if (old & PTE_PRESENT)
        leaf_put(old);
    return 0;
}

/* Replaces the leaf by `new`, whose references come with it, if it maps `m` that way. */
static int slot_unmap(uint64_t *slot, mfn_t m, bool writable, uint64_t new)
{
    uint64_t old = slot ? READ_ONCE(*slot) : 0;

    if (!(old & PTE_PRESENT) || !mfn_eq(pte_mfn(old), m) || !(old & PTE_WRITE) != !writable)
        return refuse(-EINVAL);
    WRITE_ONCE(*slot, new);
    leaf_put(old);
    return 0;
}

int mmu_map_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t extra_bits)
{
    struct domain *d = current->domain;
    int rc;

    spin_lock(&d->paging_lock);
    rc = slot_map(d, slot_of(d, va), m, writable, extra_bits);
    spin_unlock(&d->paging_lock);
    return rc;
}

int mmu_map_grant_pte(maddr_t pte, mfn_t m, bool writable, uint64_t extra_bits)
{
    struct domain *d = current->domain;
    int rc;

    spin_lock(&d->paging_lock);
    rc = slot_map(d, slot_at(d, pte), m, writable, extra_bits);
    spin_unlock(&d->paging_lock);
    return rc;
}

/* After this no CPU of the domain reaches the granted frame by the leaf that went away. A guest may
 * have the level-1 table at several addresses, each with its translation; Domain0 is taken at its
 * word that it has not, as it is for all memory. */
static void flush_unmapped(struct domain *d, bool page, uint64_t va)
{
    cpumask_t cpus;

    tlb_domain_cpus(d, &cpus);
    if (page && d->is_privileged)
        tlb_flush_page_mask(&cpus, va);
    else
        tlb_flush_mask(&cpus);
}

int mmu_unmap_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t replacement_va)
{
    struct domain *d = current->domain;
    uint64_t *slot, *other = NULL;
    int rc = -EINVAL;

    spin_lock(&d->paging_lock);
    slot = slot_of(d, va);
    if (replacement_va)
        other = slot_of(d, replacement_va);
    if (!replacement_va || (other && other != slot)) {
        rc = slot_unmap(slot, m, writable, other ? READ_ONCE(*other) : 0);
        if (!rc && other)
            WRITE_ONCE(*other, 0);
    }
    spin_unlock(&d->paging_lock);
    if (rc)
        return refuse(rc);
    flush_unmapped(d, true, va);
    if (replacement_va)
        flush_unmapped(d, true, replacement_va);
    return 0;
}

int mmu_unmap_grant_pte(maddr_t pte, mfn_t m, bool writable)
{
    struct domain *d = current->domain;
    int rc;

    spin_lock(&d->paging_lock);
    rc = slot_unmap(slot_at(d, pte), m, writable, 0);
    spin_unlock(&d->paging_lock);
    if (!rc)
        flush_unmapped(d, false, 0);
    return rc;
}
