/*
 * Page types (SOSP'03 3.3.3): the state machine on which isolation rests.
 *
 * A guest reads its page tables freely and changes them only through Ringfort. For that each
 * machine frame has an owner, a count of all references, and a type with a count of the references
 * made through it. What must hold whenever no processor is inside one of memory/'s functions:
 *
 *  1. No frame is reachable through a writable leaf while it is a page table or holds descriptors.
 *  2. A frame's type count is the number of references through that type; the pin is one of them.
 *  3. The total count is at least the type count, and every leaf, table entry, grant mapping, base
 *     pointer, registered area, descriptor table slot and mapping by the tools is in it.
 *  4. A present entry of a valid table names a frame of the right owner and, above level 1, of the
 *     next lower level; has permitted bits only; and lies outside Ringfort's slots.
 *  5. Every valid root carries Ringfort's slots.
 *  6. A free frame has no owner, no type and no reference; it is zeroed before a domain gets it.
 *  7. A base pointer names a valid root and holds a reference to it.
 *  8. A frame takes a new type only when every processor that might hold a translation made under
 *     the old one has flushed it.
 *  9. A frame with a grant mapping is not freed, transferred or exchanged: the mapping's reference
 *     keeps it.
 * 10. A table that is valid in part holds references for exactly the entries below its index.
 *
 * The type word has four kinds of state:
 *
 *    counted   count > 0                 valid as its type
 *    idle      count 0, partial 0        the type is history; only rule 8 looks at it, and who
 *                                        wants descriptors: they were checked, and not written to
 *    partial   count 0, partial = k + 1  a table; entries below k hold references. The state itself
 *                                        owns one total reference, so the frame cannot be freed
 *    busy      partial all ones          somebody changes the type at this moment
 *
 * Tables become busy only under their owner's paging lock. Whoever meets a busy table therefore
 * either holds that lock, and meets a table on its own way down (a cycle, refused), or does not,
 * and is refused. Other busy frames are so for a moment only, and one waits.
 *
 * Rule 8 works by stamps: the flush clock is read when the last reference of a type has gone and
 * before the frame leaves the busy state, so no reference can slip in between; who takes the frame
 * for another type flushes, still busy, those of its owner's processors that have not flushed
 * since, or of all processors when another domain's entries led to it (TYPE_LENT). It covers both
 * directions: stale writable entries when a data page becomes a table, and cached inner entries
 * when a table becomes a data page.
 */
#include "memory/page_type.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/descriptor.h"
#include "memory/dying.h"
#include "memory/frame_lookup.h"
#include "memory/mapping.h"
#include "memory/pte.h"
#include "memory/tlb.h"
#include "memory/validate.h"
#include "x86/cpu.h"
#include "x86/smp.h"

static bool is_busy(uint64_t word)
{
    return (word & TYPE_PARTIAL) == TYPE_BUSY;
}

static uint64_t partial_word(uint64_t key, unsigned index)
{
    return key | ((uint64_t)index + 1) << TYPE_PARTIAL_SHIFT;
}

static unsigned partial_index(uint64_t word)
{
    return ((word & TYPE_PARTIAL) >> TYPE_PARTIAL_SHIFT) - 1;
}

/* Changes the word if it still is `old`. */
static bool word_swap(struct frame *f, uint64_t old, uint64_t new)
{
    return __atomic_compare_exchange_n(&f->type, &old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* Ends the busy state, which is this CPU's. */
static void word_publish(struct frame *f, uint64_t word)
{
    assert(is_busy(f->type));
    __atomic_store_n(&f->type, word, __ATOMIC_RELEASE);
}

/* Rule 8; `f` is busy, and was `old`. Only its owner's vCPUs made translations by which anybody
 * wrote to it or walked it, unless others' entries led to it. Other domains' processors are left
 * alone: a guest could otherwise have them interrupted as often as it likes. */
static void flush_for_type_change(const struct frame *f, uint64_t old)
{
    cpumask_t owners, cpus;

    tlb_flush_needed(&cpus_online, f->stamp, &cpus);
    if (!cpumask_empty(&cpus) && !(old & TYPE_LENT)) {
        tlb_domain_cpus(f->owner, &owners);
        tlb_flush_needed(&owners, f->stamp, &cpus);
    }
    if (!cpumask_empty(&cpus))
        tlb_flush_mask(&cpus);
}

/* Makes a busy frame a `key`, from entry `index` on. `resumed`: the partial state's reference is
 * there already. */
static int type_complete(struct frame *f, uint64_t key, unsigned index, bool resumed)
{
    int rc = 0;

    if (key_is_table(key))
        rc = table_fill(f, key, &index);
    else if (key_type(key) == FRAME_SEGDESC)
        rc = descriptor_page_check(mfn_to_virt(frame_mfn(f)), f->owner->is_compat);

    if (!rc) {
        word_publish(f, key | 1);
        if (resumed)
            frame_put(f);
        return 0;
    }
    if (!key_is_table(key)) {
        word_publish(f, type_key(FRAME_NONE));
        return rc;
    }
    if (!resumed)
        frame_hold(f);
    word_publish(f, partial_word(key, index));
    return rc;
}

/* A reference to a frame whose count is 0 and which is neither busy nor partial. */
static bool type_claim(struct frame *f, uint64_t old, uint64_t key, int *rc)
{
    bool same = (old & TYPE_KEY) == key;

    /* What was no table stays what it was while it has no other type; of descriptors, too, nobody
     * but Ringfort could change any. */
    if (same && !key_is_table(key)) {
        *rc = 0;
        return word_swap(f, old, (old & TYPE_HISTORY) | key | 1);
    }
    if (!word_swap(f, old, key | TYPE_BUSY))
        return false;
    if (!same && key_type(old) != FRAME_NONE)
        flush_for_type_change(f, old);
    /* Ringfort must read what page walks will read: memory, not lines from before. */
    if (old & TYPE_UNCACHED)
        cache_flush_page(mfn_to_virt(frame_mfn(f)));
    *rc = type_complete(f, key, 0, false);
    return true;
}

static int type_get_any(struct frame *f, uint64_t key, bool locked)
{
    int rc;

    for (;;) {
        uint64_t old = READ_ONCE(f->type);

        if (old & TYPE_COUNT) {
            if ((old & TYPE_KEY) != key || (old & TYPE_COUNT) == TYPE_COUNT)
                return refuse(-EINVAL);
            if (word_swap(f, old, old + 1))
                return 0;
        } else if (is_busy(old)) {
            if (key_is_table(old))
                return refuse(-EINVAL);
            cpu_relax();
        } else if (old & TYPE_PARTIAL) {
            if (!locked)
                return refuse(-EINVAL);
            if ((old & TYPE_KEY) == key) {
                word_swap(f, old, key | TYPE_BUSY);
                return type_complete(f, key, partial_index(old), true);
            }
            rc = type_undo(f);
            if (rc)
                return rc;
        } else if (type_claim(f, old, key, &rc)) {
            return rc;
        }
    }
}

uint64_t type_key_of_table(struct frame *f, struct domain *d)
{
    uint64_t word;

    assert(spin_held(&d->paging_lock));
    /* Nobody keeps other frames from changing hands between a look at the owner and one at the
     * type: another domain's valid table would pass for one of `d`. */
    if (!frame_hold_owned(f, d))
        return 0;
    word = READ_ONCE(f->type);
    frame_put(f);
    return type_is_live_table(word) ? word & TYPE_KEY : 0;
}

int type_get_nested(struct frame *f, uint64_t key)
{
    return type_get_any(f, key, true);
}

int type_get(struct frame *f, uint64_t key, bool locked)
{
    int rc = type_get_any(f, key, locked);

    /* A refused table must not stay half held: nobody will come again for it. */
    if (rc && rc != -ERESTART && locked && key_is_table(key) &&
        type_is_partial(READ_ONCE(f->type)) && type_undo(f))
        dying_add(f);
    return rc;
}

int type_undo(struct frame *f)
{
    uint64_t old = f->type;
    uint64_t key = old & TYPE_KEY;
    unsigned index = partial_index(old);
    int rc;

    assert(type_is_partial(old) && !(old & TYPE_COUNT) && spin_held(&f->owner->paging_lock));
    word_swap(f, old, key | TYPE_BUSY);
    rc = table_drop(f, key, &index);
    if (rc) {
        word_publish(f, partial_word(key, index));
        return rc;
    }
    f->stamp = tlb_clock();
    word_publish(f, key);
    frame_put(f);
    return 0;
}

/* The last reference has gone and the frame is busy. `key` may have its history beside it. */
static int type_end(struct frame *f, uint64_t key)
{
    unsigned index = TABLE_ENTRIES;
    int rc = key_is_table(key) ? table_drop(f, key, &index) : 0;

    if (rc) {
        frame_hold(f);
        word_publish(f, partial_word(key, index));
        return rc;
    }
    f->stamp = tlb_clock();
    word_publish(f, key);
    return 0;
}

int type_put_nested(struct frame *f)
{
    for (;;) {
        uint64_t old = READ_ONCE(f->type);

        assert(old & TYPE_COUNT);
        if ((old & TYPE_COUNT) > 1) {
            if (word_swap(f, old, old - 1))
                return 0;
        } else if (word_swap(f, old, (old & TYPE_KEY) | TYPE_BUSY)) {
            assert(!(old & TYPE_PINNED));
            return type_end(f, old & (TYPE_KEY | TYPE_HISTORY));
        }
    }
}

int type_pin(struct frame *f, struct domain *d, uint64_t key)
{
    int rc;

    assert(spin_held(&d->paging_lock));
    if (!frame_get(f, d))
        return refuse(-EINVAL);
    if (READ_ONCE(f->type) & TYPE_PINNED) {
        frame_put(f);
        return refuse(-EINVAL);
    }
    rc = type_get(f, key, true);
    if (rc) {
        frame_put(f);
        return rc;
    }
    /* Only the paging lock's holder sets or clears the pin; the count may move meanwhile. */
    __atomic_fetch_or(&f->type, TYPE_PINNED, __ATOMIC_SEQ_CST);
    return 0;
}

int type_unpin(struct frame *f)
{
    if (!(READ_ONCE(f->type) & TYPE_PINNED))
        return refuse(-EINVAL);
    __atomic_fetch_and(&f->type, ~TYPE_PINNED, __ATOMIC_SEQ_CST);
    frame_put_typed(f);
    return 0;
}

int frame_get_type(struct frame *f, enum frame_type type)
{
    uint64_t key = type_key(type);

    return type_get(f, key, key_is_table(key));
}

void frame_put_type(struct frame *f)
{
    if (type_put_nested(f))
        dying_add(f);
}

int frame_get_typed(struct frame *f, struct domain *d, enum frame_type type)
{
    int rc;

    if (!frame_get(f, d))
        return refuse(-EINVAL);
    rc = frame_get_type(f, type);
    if (rc)
        frame_put(f);
    return rc;
}

void frame_put_typed(struct frame *f)
{
    frame_put_type(f);
    frame_put(f);
}
