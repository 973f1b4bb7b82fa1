/*
 * The frame allocator: buddy lists, one set per zone. Zone z holds the frames whose number has z
 * significant bits, so "below 1 << b bytes" is a choice of zones, a block never crosses a zone, and
 * searching from the top keeps low memory for the devices that need it.
 *
 * A free block is described by its first frame: COUNT_FREE, and its order in the type word. It
 * holds whatever its last owner left; frames are zeroed when they are allocated, or piece by piece
 * before that (domain_prepare_frames), and then marked COUNT_CLEAN.
 */
#include "memory/allocator.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/free_frames.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/tlb.h"
#include "schedule/schedule.h"
#include "x86/smp.h"

#define ZONES 42 /* bits of a frame number, and zone 0 */

static spinlock_t frames_lock = SPINLOCK_INIT(LOCK_FRAMES);
static struct list free_blocks[ZONES][MAX_ORDER + 1];
static uint32_t orders_present[ZONES]; /* bit per order: the list is not empty */
static uint64_t free_count, total_count;
static uint64_t claimed_count; /* the sum of all outstanding_claim; at most free_count */

/* Frame 0 is never free. */
static unsigned zone_of(mfn_t m)
{
    return 64 - __builtin_clzll(m.n);
}

/* `first`: it is taken before the others of its order. */
static void block_insert(struct frame *f, unsigned order, bool first)
{
    unsigned zone = zone_of(frame_mfn(f));
    struct list *head = &free_blocks[zone][order];

    if (!head->next)
        list_init(head);
    f->type = order;
    f->count = COUNT_RAM | COUNT_FREE | (f->count & COUNT_CLEAN);
    if (first)
        list_add(head, &f->link);
    else
        list_add_tail(head, &f->link);
    orders_present[zone] |= UINT32_C(1) << order;
}

static void block_remove(struct frame *f)
{
    unsigned zone = zone_of(frame_mfn(f)), order = f->type;

    list_del(&f->link);
    if (list_empty(&free_blocks[zone][order]))
        orders_present[zone] &= ~(UINT32_C(1) << order);
    f->count &= ~COUNT_FREE;
    f->type = 0;
}

/* Frames 1 << order from `f` become free; joins them with free neighbours. Lock held. */
static void block_free(struct frame *f, unsigned order, bool first)
{
    free_count += UINT64_C(1) << order;
    for (; order < MAX_ORDER; order++) {
        mfn_t m = frame_mfn(f);
        mfn_t buddy = mfn(m.n ^ (UINT64_C(1) << order));
        struct frame *b;

        if (!mfn_valid(buddy))
            break;
        b = frame_of(buddy);
        if ((READ_ONCE(b->count) & ~COUNT_CLEAN) != (COUNT_RAM | COUNT_FREE) || b->type != order)
            break;
        block_remove(b);
        if (buddy.n < m.n)
            f = b;
    }
    block_insert(f, order, first);
}

/* A block of exactly `order` from zones up to `zone`, or NULL. */
static struct frame *block_take(unsigned order, unsigned zone)
{
    for (zone = MIN(zone, ZONES - 1); zone; zone--) {
        uint32_t orders = orders_present[zone] >> order;
        unsigned have;
        struct frame *f;

        if (!orders)
            continue;
        have = order + __builtin_ctz(orders);
        f = list_first(&free_blocks[zone][have], struct frame, link);
        block_remove(f);
        while (have-- > order)
            block_insert(f + (UINT64_C(1) << have), have, false);
        free_count -= UINT64_C(1) << order;
        return f;
    }
    return NULL;
}

/* Frames that left a domain may still be named by a processor's TLB. Who has not flushed since any
 * of them left has not since the last one did. */
static void flush_before_use(const struct frame *f, unsigned order)
{
    uint32_t now = tlb_clock(), last = 0;
    cpumask_t cpus;

    for (uint64_t i = 0; i < UINT64_C(1) << order; i++)
        if (f[i].stamp && (!last || now - f[i].stamp < now - last))
            last = f[i].stamp;
    tlb_flush_needed(&cpus_online, last, &cpus);
    if (!cpumask_empty(&cpus))
        tlb_flush_mask(&cpus);
}

/* Takes `count` frames from the domain's claim, or gives them back to it. Lock held. */
static void claim_change(struct domain *d, int64_t count)
{
    d->outstanding_claim += (uint64_t)count;
    claimed_count += (uint64_t)count;
}

/* Frames for `d` (NULL: for Ringfort itself), but none that others have claimed, as their last
 * owner left them. What comes out of the domain's own claim is in *claimed. */
static struct frame *frames_take(struct domain *d, unsigned order, unsigned zone, uint64_t *claimed)
{
    uint64_t count = UINT64_C(1) << order, own;
    struct frame *f = NULL;

    if (order > MAX_ORDER)
        return NULL;
    spin_lock(&frames_lock);
    own = d ? d->outstanding_claim : 0;
    if (count <= free_count - (claimed_count - own))
        f = block_take(order, zone);
    if (f && own) {
        *claimed = MIN(own, count);
        claim_change(d, -(int64_t)*claimed);
    }
    spin_unlock(&frames_lock);
    if (f)
        flush_before_use(f, order);
    return f;
}

static struct frame *frames_alloc(struct domain *d, unsigned order, unsigned zone,
                                  uint64_t *claimed)
{
    struct frame *f = frames_take(d, order, zone, claimed);

    for (uint64_t i = 0; f && i < UINT64_C(1) << order; i++) {
        if (!(f[i].count & COUNT_CLEAN))
            clear_page(mfn_to_virt(frame_mfn(f + i)));
        f[i].count &= ~COUNT_CLEAN;
    }
    return f;
}

static void frames_give(struct frame *f, unsigned order)
{
    spin_lock(&frames_lock);
    block_free(f, order, false);
    spin_unlock(&frames_lock);
}

/* Frames that were taken for `d`, and which it does not get after all. */
static void frames_give_back(struct domain *d, struct frame *f, unsigned order, uint64_t claimed)
{
    spin_lock(&frames_lock);
    block_free(f, order, true);
    /* A domain that is ending has no claim to give back to. */
    if (d->state == DOMAIN_ALIVE)
        claim_change(d, (int64_t)claimed);
    spin_unlock(&frames_lock);
}

void allocator_add(mfn_t start, mfn_t end)
{
    spin_lock(&frames_lock);
    /* Frame 0 stays out: its number means "none" in more than one call. */
    for (uint64_t n = MAX(start.n, UINT64_C(1)); n < end.n;) {
        unsigned order = MIN((unsigned)__builtin_ctzll(n), (unsigned)MAX_ORDER);

        while (n + (UINT64_C(1) << order) > end.n)
            order--;
        assert(mfn_valid(mfn(n)));
        block_free(frame_of(mfn(n)), order, false);
        n += UINT64_C(1) << order;
        total_count += UINT64_C(1) << order;
    }
    spin_unlock(&frames_lock);
}

void *page_alloc(unsigned order)
{
    struct frame *f = frames_alloc(NULL, order, ZONES - 1, NULL);

    return f ? mfn_to_virt(frame_mfn(f)) : NULL;
}

void page_free(void *page, unsigned order)
{
    frames_give(frame_of(virt_to_mfn(page)), order);
}

/* Makes unowned frames the domain's, in kept room if they may and there is; false when it may not
 * have so many. */
static bool frames_assign(struct domain *d, struct frame *f, unsigned order, bool kept)
{
    uint64_t count = UINT64_C(1) << order;

    spin_lock(&d->pages_lock);
    kept = kept && d->kept_pages >= count;
    if (d->state != DOMAIN_ALIVE ||
        (!kept && d->tot_pages + d->kept_pages + count > d->max_pages)) {
        spin_unlock(&d->pages_lock);
        return false;
    }
    if (kept)
        d->kept_pages -= count;
    if (!d->tot_pages)
        domain_ref(d);
    d->tot_pages += count;
    for (uint64_t i = 0; i < count; i++) {
        f[i].type = 0;
        f[i].owner = d;
        list_add_tail(&d->pages, &f[i].link);
        m2p_set(frame_mfn(f + i), INVALID_M2P);
        __atomic_store_n(&f[i].count, COUNT_RAM | COUNT_ALLOCATED | 1, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->pages_lock);
    return true;
}

/* The highest zone whose frames a domain may have with so many address bits (0: any); zone 0, which
 * is empty, where there is none. */
static unsigned highest_zone(const struct domain *d, unsigned address_bits)
{
    unsigned bits = MIN(address_bits ? address_bits : 64, d->address_bits);

    return bits > PAGE_SHIFT ? bits - PAGE_SHIFT : 0;
}

static struct frame *alloc_frames(struct domain *d, unsigned order, unsigned address_bits,
                                  bool kept)
{
    uint64_t claimed = 0;
    struct frame *f = frames_alloc(d, order, highest_zone(d, address_bits), &claimed);

    if (!f || frames_assign(d, f, order, kept))
        return f;
    frames_give_back(d, f, order, claimed);
    return NULL;
}

bool domain_prepare_frames(struct domain *d, unsigned order, unsigned address_bits)
{
    uint64_t count = UINT64_C(1) << order, claimed = 0, i = 0;
    struct frame *f = frames_take(d, order, highest_zone(d, address_bits), &claimed);
    bool is_cut = false;

    if (!f)
        return true;
    for (; i < count && !is_cut; i++) {
        if (f[i].count & COUNT_CLEAN)
            continue;
        clear_page(mfn_to_virt(frame_mfn(f + i)));
        f[i].count |= COUNT_CLEAN;
        is_cut = preempt_needed();
    }
    frames_give_back(d, f, order, claimed);
    return i == count;
}

struct frame *domain_alloc_frames(struct domain *d, unsigned order, unsigned address_bits)
{
    return alloc_frames(d, order, address_bits, false);
}

struct frame *domain_alloc_other_frames(struct domain *d, unsigned order, unsigned address_bits)
{
    return alloc_frames(d, order, address_bits, true);
}

int domain_claim(struct domain *d, uint64_t pages)
{
    int rc = 0;

    spin_lock(&frames_lock);
    if (pages == 0)
        claim_change(d, -(int64_t)d->outstanding_claim);
    else if (d->state != DOMAIN_ALIVE || d->outstanding_claim)
        rc = -EINVAL;
    else if (pages < d->tot_pages || pages > d->max_pages)
        rc = -EINVAL;
    else if (pages - d->tot_pages > free_count - claimed_count)
        rc = -ENOMEM;
    else
        claim_change(d, (int64_t)(pages - d->tot_pages));
    spin_unlock(&frames_lock);
    return rc;
}

int domain_assign_frames(struct domain *d, struct frame *f, unsigned order)
{
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++)
        if (f[i].owner || (f[i].count & (COUNT_REFS | COUNT_FREE)))
            return -EBUSY;
    return frames_assign(d, f, order, false) ? 0 : -ENOMEM;
}

int domain_reattach_frame(struct domain *d, struct frame *f)
{
    flush_before_use(f, 0);
    return frames_assign(d, f, 0, true) ? 0 : -ENOMEM;
}

int domain_attach_frame(struct domain *d, struct frame *f)
{
    flush_before_use(f, 0);
    return domain_assign_frames(d, f, 0);
}

void frame_unused(struct frame *f)
{
    struct domain *d = f->owner;
    bool is_last = false;

    m2p_set(frame_mfn(f), INVALID_M2P);
    if (!(f->count & COUNT_SHARED)) {
        spin_lock(&d->pages_lock);
        list_del(&f->link);
        is_last = --d->tot_pages == 0;
        spin_unlock(&d->pages_lock);
    }
    WRITE_ONCE(f->owner, NULL);
    f->stamp = tlb_clock();
    frames_give(f, 0);
    if (is_last)
        domain_put(d);
}

uint64_t frames_free(void)
{
    return READ_ONCE(free_count);
}

uint64_t frames_claimed(void)
{
    return READ_ONCE(claimed_count);
}

uint64_t frames_total(void)
{
    return total_count;
}
