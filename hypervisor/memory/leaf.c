/*
 * Leaves: entries of level-1 tables, singly and by the table. A leaf of RAM holds a reference to
 * its frame, and one through the type when it is writable. A frame may become free with its leaf,
 * so that a table is too long to be done in one go.
 */
#include "memory/validate.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/dirty_log.h"
#include "memory/frame_lookup.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "schedule/schedule.h"
#include "x86/irq.h"

/* Leaves looked at between two preemption points. Empty entries do not count: where the others are
 * is the guest's choice. */
#define LEAVES_STEP 32

/* Below this lies memory that no map calls RAM, and that is in the caches all the same: the
 * firmware's tables, what its system management mode works on. */
#define FIRMWARE_END (UINT64_C(1) << 32)

unsigned l1tf_bits;

static uint64_t cached_end(void)
{
    uint64_t ram_end = mfn_maddr(max_mfn()).a + PAGE_SIZE;

    return ram_end > FIRMWARE_END ? ram_end : FIRMWARE_END;
}

bool absent_ok(const struct domain *d, enum frame_type level, uint64_t entry)
{
    return likely(!l1tf_bits) || d->is_privileged ||
           pte_absent_is_safe(entry, level, l1tf_bits, cached_end());
}

bool leaf_caching_ok(const struct domain *pt_owner, uint64_t entry)
{
    if (likely(!(entry & PTE_CACHING)))
        return true;
    if (!pt_owner->is_hardware)
        return false;
    if (entry & PTE_WRITE)
        __atomic_fetch_or(&frame_of(pte_mfn(entry))->type, TYPE_UNCACHED, __ATOMIC_SEQ_CST);
    return true;
}

/* Frames outside RAM have no references; permission is all. */
static int device_leaf(struct domain *pt_owner, struct domain *page_owner, uint64_t *entry)
{
    mfn_t m = pte_mfn(*entry);

    if (page_owner == dom_xen)
        return refuse(-EINVAL);
    if (!mmio_allowed(page_owner == dom_io ? pt_owner : page_owner, m, 1))
        return refuse(-EINVAL);
    if (mmio_read_only(m))
        *entry &= ~PTE_WRITE;
    return 0;
}

int leaf_get(struct domain *pt_owner, struct domain *page_owner, uint64_t *entry)
{
    mfn_t m = pte_mfn(*entry);
    struct frame *f;
    int rc;

    *entry = pte_complete_leaf(*entry, pt_owner->is_compat, root_mode == ROOT_GLOBAL);
    if (!mfn_valid(m))
        return device_leaf(pt_owner, page_owner, entry);

    f = frame_of(m);
    if (!frame_get(f, page_owner))
        return refuse(-EINVAL);
    rc = *entry & PTE_WRITE ? type_get(f, type_key(FRAME_WRITABLE), pt_owner == page_owner) : 0;
    if (rc) {
        frame_put(f);
        return rc;
    }
    if (!leaf_caching_ok(pt_owner, *entry)) {
        leaf_put(*entry);
        return refuse(-EINVAL);
    }
    if (pt_owner != page_owner && *entry & PTE_WRITE)
        type_note_lent(f);
    else if (pt_owner != page_owner)
        *entry = pte_make(frame_mfn(dirty_log_lend(page_owner, f)), *entry & ~PTE_FRAME);
    return 0;
}

void leaf_put(uint64_t entry)
{
    mfn_t m = pte_mfn(entry);
    struct frame *f;

    if (!mfn_valid(m))
        return;
    f = frame_of(m);
    if (entry & PTE_WRITE)
        frame_put_type(f);
    frame_put(f);
}

int leaves_fill(struct domain *d, uint64_t *table, unsigned *index)
{
    unsigned i = *index, done = 0;

    for (; (i = pte_skip_empty(table, i)) < TABLE_ENTRIES; i++) {
        uint64_t e = table[i];
        int rc;

        if (!(e & PTE_PRESENT) && absent_ok(d, FRAME_L1, e))
            continue;
        rc = e & PTE_PRESENT ? leaf_get(d, d, &e) : refuse(-EINVAL);
        if (rc) {
            *index = i;
            return rc;
        }
        if (e != table[i])
            table[i] = e;
        if (++done % LEAVES_STEP == 0 && preempt_needed()) {
            *index = i + 1;
            return -ERESTART;
        }
    }
    *index = TABLE_ENTRIES;
    return 0;
}

int leaves_drop(const uint64_t *table, unsigned *index)
{
    unsigned done = 0;

    while ((*index = pte_skip_empty_below(table, *index)) > 0) {
        uint64_t e = table[--*index];

        if (!(e & PTE_PRESENT))
            continue;
        leaf_put(e);
        if (++done % LEAVES_STEP == 0 && preempt_needed())
            return -ERESTART;
    }
    return 0;
}
