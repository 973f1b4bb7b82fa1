/*
 * The frame table: who owns a frame and how many references there are. Types are in page_type.c.
 *
 * The count word changes by compare-and-swap. From 0 it leaves only through the allocator, so a
 * reference can be taken without a lock by anybody: on a free frame it fails.
 */
#include "domain/domain.h"
#include "lib/assert.h"
#include "memory/allocator.h"
#include "memory/free_frames.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/tlb.h"

#include <xen/domctl.h>

/* Machines with more sections than this are not known; RAM beyond is left unused. */
#define MAX_SECTIONS (DIRECT_MAP_SIZE / PAGE_SIZE / FRAME_SECTION)

/* Not static for frame_lookup.h only. */
extern uint64_t section_mapped[], end_mfn;
uint64_t section_mapped[BITMAP_WORDS(MAX_SECTIONS)];
uint64_t end_mfn; /* one past the highest frame of RAM */

struct frame *frame_of(mfn_t m)
{
    return (struct frame *)frame_table_base() + m.n;
}

mfn_t frame_mfn(const struct frame *f)
{
    return mfn(f - (struct frame *)frame_table_base());
}

bool mfn_valid(mfn_t m)
{
    return m.n < end_mfn && bit_test(section_mapped, m.n / FRAME_SECTION) &&
           (frame_of(m)->count & COUNT_RAM);
}

mfn_t max_mfn(void)
{
    return mfn(end_mfn ? end_mfn - 1 : 0);
}

void frame_table_add_ram(mfn_t start, mfn_t end)
{
    uint64_t last = MIN(end.n, MAX_SECTIONS * FRAME_SECTION);

    for (uint64_t n = start.n; n < last; n++) {
        bit_set(section_mapped, n / FRAME_SECTION);
        frame_of(mfn(n))->count |= COUNT_RAM;
        list_init(&frame_of(mfn(n))->link);
    }
    if (start.n < last && last > end_mfn)
        end_mfn = last;
}

struct domain *frame_owner(const struct frame *f)
{
    return READ_ONCE(f->owner);
}

static bool count_swap(struct frame *f, uint32_t old, uint32_t new)
{
    return __atomic_compare_exchange_n(&f->count, &old, new, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* A reference if there is one already and there are fewer than `limit`. */
static bool count_get(struct frame *f, uint32_t limit)
{
    uint32_t old;

    do {
        old = READ_ONCE(f->count);
        if (!(old & COUNT_REFS) || (old & COUNT_REFS) >= limit)
            return false;
    } while (!count_swap(f, old, old + 1));
    return true;
}

static bool get_of(struct frame *f, struct domain *d, uint32_t limit)
{
    if (READ_ONCE(f->owner) != d || !count_get(f, limit))
        return false;
    if (likely(READ_ONCE(f->owner) == d))
        return true;
    /* Freed and allocated anew between the two looks. */
    frame_put(f);
    return false;
}

bool frame_get(struct frame *f, struct domain *d)
{
    return get_of(f, d, COUNT_LIMIT);
}

bool frame_hold_owned(struct frame *f, struct domain *d)
{
    return get_of(f, d, COUNT_REFS);
}

struct domain *frame_get_any(struct frame *f)
{
    if (!count_get(f, COUNT_LIMIT))
        return NULL;
    /* Who counts references owns the frame, and stays its owner while there is one. */
    assert(f->owner);
    return f->owner;
}

bool frame_hold_listed(struct frame *f)
{
    return count_get(f, COUNT_REFS);
}

void frame_hold(struct frame *f)
{
    assert((f->count & COUNT_REFS) && (f->count & COUNT_REFS) != COUNT_REFS);
    __atomic_fetch_add(&f->count, 1, __ATOMIC_SEQ_CST);
}

void frame_put(struct frame *f)
{
    uint32_t left = __atomic_sub_fetch(&f->count, 1, __ATOMIC_SEQ_CST);

    assert((left & COUNT_REFS) != COUNT_REFS);
    if (likely(left & COUNT_REFS))
        return;
    assert(!(left & COUNT_ALLOCATED) && !(f->type & (TYPE_COUNT | TYPE_PARTIAL)));
    frame_unused(f);
}

bool domain_release_frame(struct frame *f)
{
    uint32_t old = __atomic_fetch_and(&f->count, ~COUNT_ALLOCATED, __ATOMIC_SEQ_CST);

    if (!(old & COUNT_ALLOCATED))
        return false;
    frame_put(f);
    return true;
}

static bool detach_frame(struct domain *d, struct frame *f, bool keep_room)
{
    const uint32_t alone = COUNT_RAM | COUNT_ALLOCATED | 1;
    uint32_t expected = alone;
    bool is_last;

    spin_lock(&d->pages_lock);
    if (READ_ONCE(f->owner) != d ||
        !__atomic_compare_exchange_n(&f->count, &expected, COUNT_RAM, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        spin_unlock(&d->pages_lock);
        return false;
    }
    /* With a count of 0 the owner stands still: what was seen above may have been older. */
    if (f->owner != d) {
        __atomic_store_n(&f->count, alone, __ATOMIC_SEQ_CST);
        spin_unlock(&d->pages_lock);
        return false;
    }
    assert(!(f->type & (TYPE_COUNT | TYPE_PARTIAL)));
    list_del(&f->link);
    is_last = --d->tot_pages == 0;
    d->kept_pages += keep_room;
    WRITE_ONCE(f->owner, NULL);
    spin_unlock(&d->pages_lock);
    m2p_set(frame_mfn(f), INVALID_M2P);
    f->type = 0;
    f->stamp = tlb_clock();
    if (is_last)
        domain_put(d);
    return true;
}

bool domain_detach_frame(struct domain *d, struct frame *f)
{
    return detach_frame(d, f, false);
}

bool domain_detach_frame_for_another(struct domain *d, struct frame *f)
{
    return detach_frame(d, f, true);
}

void frame_share(struct frame *f, struct domain *d, bool writable)
{
    assert(!(f->count & COUNT_REFS));
    f->type = type_key(writable ? FRAME_WRITABLE : FRAME_SHARED) | 1;
    f->owner = d;
    if (d != dom_xen) {
        spin_lock(&d->pages_lock);
        list_add_tail(&d->shared_pages, &f->link);
        spin_unlock(&d->pages_lock);
    }
    m2p_set(frame_mfn(f), INVALID_M2P);
    __atomic_store_n(&f->count, COUNT_RAM | COUNT_ALLOCATED | COUNT_SHARED | 1, __ATOMIC_RELEASE);
}

bool frame_unshare(struct frame *f)
{
    struct domain *d = f->owner;
    bool was_last;

    assert(f->count & COUNT_SHARED);
    spin_lock(&d->pages_lock);
    list_del(&f->link);
    spin_unlock(&d->pages_lock);
    /* Who still maps it (the tools, in Domain0) may do so after the domain's structure is gone. */
    WRITE_ONCE(f->owner, dom_xen);
    __atomic_fetch_and(&f->count, ~COUNT_ALLOCATED, __ATOMIC_SEQ_CST);
    frame_put_type(f);
    was_last = (READ_ONCE(f->count) & COUNT_REFS) == 1;
    frame_put(f);
    return was_last;
}

void frame_lend(struct frame *f)
{
    assert(!(f->count & COUNT_REFS));
    f->type = type_key(FRAME_SHARED);
    f->owner = dom_xen;
    m2p_set(frame_mfn(f), INVALID_M2P);
    __atomic_store_n(&f->count, COUNT_RAM | COUNT_SHARED | 1, __ATOMIC_RELEASE);
}

bool frame_is_shared(const struct frame *f)
{
    return READ_ONCE(f->count) & COUNT_SHARED;
}

uint32_t frame_info(const struct frame *f)
{
    static const uint32_t tables[] = {
        [FRAME_L1] = XEN_DOMCTL_PFINFO_L1TAB,
        [FRAME_L2] = XEN_DOMCTL_PFINFO_L2TAB,
        [FRAME_L3] = XEN_DOMCTL_PFINFO_L3TAB,
        [FRAME_L4] = XEN_DOMCTL_PFINFO_L4TAB,
    };
    uint64_t word = READ_ONCE(f->type);
    uint32_t info = 0;

    if (!(READ_ONCE(f->count) & COUNT_REFS))
        return XEN_DOMCTL_PFINFO_XTAB;
    if (type_is_live_table(word))
        info = tables[key_type(word)];
    if (word & TYPE_PINNED)
        info |= XEN_DOMCTL_PFINFO_LPINTAB;
    return info;
}
