/*
 * One entry at a time. The new reference is taken before the entry is written and the old one
 * dropped after, so that at no moment a live entry names a frame without holding it.
 */
#include "memory/entry_update.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "lib/assert.h"
#include "memory/frame_lookup.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/validate.h"

#define AD_BITS (PTE_ACCESSED | PTE_DIRTY)

static bool entry_swap(uint64_t *slot, uint64_t old, uint64_t new)
{
    return __atomic_compare_exchange_n(slot, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The processor may set accessed and dirty bits at any time; nothing else changes under the lock.
 */
static void entry_write(uint64_t *slot, uint64_t new, bool preserve_ad)
{
    uint64_t old;

    if (!preserve_ad) {
        WRITE_ONCE(*slot, new);
        return;
    }
    do {
        old = READ_ONCE(*slot);
    } while (!entry_swap(slot, old, new | (old & AD_BITS)));
}

/* True when both entries are present and name the same frame. */
static bool same_frame(uint64_t a, uint64_t b)
{
    return (a & b & PTE_PRESENT) && !((a ^ b) & PTE_FRAME);
}

/* True when `new` maps the same frame of RAM as `old`, so that the reference to it stays. A change
 * of WRITE asks again whose frame it is: whoever mapped it read-only may have had no right to
 * write. */
static bool keeps_frame(const struct domain *page_owner, uint64_t old, uint64_t new)
{
    return same_frame(old, new) && mfn_valid(pte_mfn(new)) &&
           (!((old ^ new) & PTE_WRITE) || READ_ONCE(frame_of(pte_mfn(new))->owner) == page_owner);
}

/* The reference through the type, if `new` needs it and `old` had none; completes the entry. */
static int kept_get(struct domain *pt_owner, bool own, uint64_t old, uint64_t *new)
{
    struct frame *f = frame_of(pte_mfn(*new));
    bool gains = *new & ~old &PTE_WRITE;
    int rc = gains ? type_get(f, type_key(FRAME_WRITABLE), own) : 0;

    if (rc)
        return rc;
    if (gains && !own)
        type_note_lent(f);
    if (!leaf_caching_ok(pt_owner, *new)) {
        if (gains)
            frame_put_type(f);
        return refuse(-EINVAL);
    }
    *new = pte_complete_leaf(*new, pt_owner->is_compat, root_mode == ROOT_GLOBAL);
    return 0;
}

/* What `to` has no more of, after an entry changed from `from` to it. */
static void kept_put(uint64_t from, uint64_t to)
{
    if (from & ~to & PTE_WRITE)
        frame_put_type(frame_of(pte_mfn(from)));
}

int leaf_update(struct domain *pt_owner, struct domain *page_owner, uint64_t *slot, uint64_t new,
                bool preserve_ad)
{
    uint64_t old = READ_ONCE(*slot);
    int rc;

    if (new &PTE_PRESENT) {
        if (keeps_frame(page_owner, old, new)) {
            rc = kept_get(pt_owner, pt_owner == page_owner, old, &new);
            if (rc)
                return rc;
            entry_write(slot, new, preserve_ad);
            kept_put(old, new);
            return 0;
        }
        rc = leaf_get(pt_owner, page_owner, &new);
        if (rc)
            return rc;
    } else if (!absent_ok(pt_owner, FRAME_L1, new)) {
        return refuse(-EINVAL);
    }
    entry_write(slot, new, preserve_ad);
    if (old & PTE_PRESENT)
        leaf_put(old);
    return 0;
}

int leaf_replace(struct domain *d, uint64_t *slot, uint64_t old, uint64_t new)
{
    bool keep = keeps_frame(d, old, new);
    int rc = 0;

    if (keep)
        rc = kept_get(d, true, old, &new);
    else if (new &PTE_PRESENT)
        rc = leaf_get(d, d, &new);
    else if (!absent_ok(d, FRAME_L1, new))
        rc = refuse(-EINVAL);
    if (rc)
        return rc;
    if (!entry_swap(slot, old, new)) {
        if (keep)
            kept_put(new, old);
        else if (new &PTE_PRESENT)
            leaf_put(new);
        return -EAGAIN;
    }
    if (keep)
        kept_put(old, new);
    else if (old & PTE_PRESENT)
        leaf_put(old);
    return 0;
}

/* Writes a checked entry; copies of a root follow before the old subtree can go away. */
static void table_entry_write(struct domain *d, struct frame *f, uint64_t *slot, uint64_t new,
                              bool preserve_ad)
{
    entry_write(slot, new, preserve_ad);
    if (key_type(f->type) == FRAME_L4)
        root_entry_changed(d, frame_mfn(f));
}

int table_entry_update(struct domain *d, struct frame *f, unsigned index, uint64_t new,
                       bool preserve_ad)
{
    uint64_t *slot = (uint64_t *)mfn_to_virt(frame_mfn(f)) + index;
    uint64_t key = f->type & TYPE_KEY, old = READ_ONCE(*slot);
    bool pae_l3 = d->is_compat && key_type(key) == FRAME_L3;
    int rc;

    if (!table_slot_is_guests(d, key, index))
        return refuse(-EINVAL);
    if (same_frame(old, new)) {
        if (!pte_table_ok(new, pae_l3))
            return refuse(-EINVAL);
        new = pte_complete_table(new, d->is_compat, pae_l3);
        table_entry_write(d, f, slot, new, preserve_ad);
        return 0;
    }
    if (new &PTE_PRESENT) {
        rc = entry_get(d, key, index, &new, false);
        if (rc)
            return rc;
    } else if ((pae_l3 && index == COMPAT_L3_ENTRIES - 1) || !absent_ok(d, key_type(key), new)) {
        return refuse(-EINVAL);
    }
    table_entry_write(d, f, slot, new, preserve_ad);
    if (old & PTE_PRESENT)
        frame_put_typed(frame_of(pte_mfn(old)));
    return 0;
}

uint64_t *leaf_slot(const struct domain *d, mfn_t root, uint64_t va)
{
    unsigned level = 4;
    mfn_t m = root;

    if (d->is_compat) {
        /* What lies in the hole is mapped by entries of Ringfort's, which name no table. */
        if (va >= d->compat_hole_start)
            return NULL;
        level = 3;
    }
    for (;; level--) {
        uint64_t *slot, e;

        if (!mfn_valid(m))
            return NULL;
        slot = (uint64_t *)mfn_to_virt(m) + pte_index(va, level);
        if (level == 1)
            return slot;
        e = READ_ONCE(*slot);
        if (!(e & PTE_PRESENT))
            return NULL;
        m = pte_mfn(e);
    }
}
