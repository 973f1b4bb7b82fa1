/*
 * Whole-table validation and take-down (SOSP'03 3.3.3), cut at entry boundaries.
 *
 * Both keep one integer: the entries below it hold references. Validation moves it up, take-down
 * moves it down. When the entry at the integer is itself a table in the same half-done state, its
 * own integer says how far it got and it holds no reference from here. A validation that comes
 * again resumes it through the type word. A take-down looks at that one entry before it goes on: a
 * partial table found there is undone first, which is always permitted, so nothing half-done is
 * forgotten and no table is entered twice.
 */
#include "memory/validate.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame_lookup.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/pte.h"
#include "schedule/schedule.h"

static bool is_pae_l3(const struct domain *d, uint64_t key)
{
    return d->is_compat && key_type(key) == FRAME_L3;
}

/* First entry of the slot-3 table that lies in the hole. */
static unsigned compat_hole_index(const struct domain *d)
{
    return (d->compat_hole_start >> 21) & (TABLE_ENTRIES - 1);
}

uint64_t table_child_key(const struct domain *d, uint64_t key, unsigned index)
{
    uint64_t child = type_key(key_type(key) - 1);

    if (is_pae_l3(d, key) && index == COMPAT_L3_ENTRIES - 1)
        child |= TYPE_TOP_L2;
    return child;
}

bool table_slot_is_guests(const struct domain *d, uint64_t key, unsigned index)
{
    if (key_type(key) == FRAME_L4)
        return index < HV_SLOT_FIRST || index > HV_SLOT_LAST;
    if (is_pae_l3(d, key))
        return index < COMPAT_L3_ENTRIES;
    if (key & TYPE_TOP_L2)
        return index < compat_hole_index(d);
    return true;
}

int entry_get(struct domain *d, uint64_t key, unsigned index, uint64_t *entry, bool nested)
{
    uint64_t child_key = table_child_key(d, key, index);
    bool pae_l3 = is_pae_l3(d, key);
    mfn_t m = pte_mfn(*entry);
    struct frame *child;
    int rc;

    if (!pte_table_ok(*entry, pae_l3) || !mfn_valid(m))
        return refuse(-EINVAL);
    child = frame_of(m);
    if (!frame_get(child, d))
        return refuse(-EINVAL);
    rc = nested ? type_get_nested(child, child_key) : type_get(child, child_key, true);
    if (rc) {
        frame_put(child);
        return rc;
    }
    *entry = pte_complete_table(*entry, d->is_compat, pae_l3);
    return 0;
}

static int fill_entries(struct domain *d, uint64_t key, uint64_t *table, unsigned *index)
{
    unsigned i = *index;

    for (; (i = pte_skip_empty(table, i)) < TABLE_ENTRIES; i++) {
        uint64_t e = table[i];
        int rc;

        if (!table_slot_is_guests(d, key, i) ||
            (!(e & PTE_PRESENT) && absent_ok(d, key_type(key), e)))
            continue;
        rc = e & PTE_PRESENT ? entry_get(d, key, i, &e, true) : refuse(-EINVAL);
        *index = i;
        if (rc)
            return rc;
        table[i] = e;
        *index = i + 1;
        if (preempt_needed())
            return -ERESTART;
    }
    *index = TABLE_ENTRIES;
    return 0;
}

/* What a table must have beside its entries, done when those are in order. */
static int finish_table(struct domain *d, uint64_t key, uint64_t *table)
{
    if (key_type(key) == FRAME_L4)
        hypmap_fill_root(table);
    if (is_pae_l3(d, key)) {
        if (!(table[COMPAT_L3_ENTRIES - 1] & PTE_PRESENT))
            return refuse(-EINVAL);
        /* The processor's four-level walk sees the whole page. */
        for (unsigned i = COMPAT_L3_ENTRIES; i < TABLE_ENTRIES; i++)
            table[i] = 0;
    }
    if (key & TYPE_TOP_L2)
        hypmap_fill_compat_l2(table, compat_hole_index(d));
    return 0;
}

int table_fill(struct frame *f, uint64_t key, unsigned *index)
{
    uint64_t *table = mfn_to_virt(frame_mfn(f));
    struct domain *d = f->owner;
    int rc;

    assert(spin_held(&d->paging_lock));
    if (key_type(key) == FRAME_L1)
        return leaves_fill(d, table, index);
    rc = fill_entries(d, key, table, index);
    return rc ? rc : finish_table(d, key, table);
}

/* The table that entry `index` names, when an interruption left it partial. If another attempt did
 * (the entry was never looked at, or is Ringfort's to replace), no harm is done. */
static int undo_partial_child(struct domain *d, uint64_t key, unsigned index, uint64_t entry)
{
    struct frame *child;
    uint64_t word;
    int rc = 0;

    if (!(entry & PTE_PRESENT) || !mfn_valid(pte_mfn(entry)))
        return 0;
    child = frame_of(pte_mfn(entry));
    /* Partial frames of `d` stay as they are while its paging lock is held; another domain's, which
     * the frame could become between two looks, do not. */
    if (!frame_hold_owned(child, d))
        return 0;
    word = READ_ONCE(child->type);
    if (type_is_partial(word) && (word & TYPE_KEY) == table_child_key(d, key, index))
        rc = type_undo(child);
    frame_put(child);
    return rc;
}

static int drop_entries(struct domain *d, uint64_t key, const uint64_t *table, unsigned *index)
{
    int rc;

    if (*index < TABLE_ENTRIES) {
        rc = undo_partial_child(d, key, *index, table[*index]);
        if (rc)
            return rc;
    }
    while ((*index = pte_skip_empty_below(table, *index)) > 0) {
        unsigned i = --*index;
        uint64_t e = table[i];
        struct frame *child;

        if (!(e & PTE_PRESENT) || !table_slot_is_guests(d, key, i))
            continue;
        child = frame_of(pte_mfn(e));
        rc = type_put_nested(child);
        frame_put(child);
        if (rc)
            return rc;
        if (preempt_needed())
            return -ERESTART;
    }
    return 0;
}

int table_drop(struct frame *f, uint64_t key, unsigned *index)
{
    const uint64_t *table = mfn_to_virt(frame_mfn(f));

    assert(spin_held(&f->owner->paging_lock));
    if (key_type(key) == FRAME_L1)
        return leaves_drop(table, index);
    return drop_entries(f->owner, key, table, index);
}
