/*
 * Growing and shrinking a domain's reservation (SOSP'03 3.3.4): the balloon driver's calls, and the
 * toolstack's on behalf of a domain that it builds.
 */
#include "memory/reservation.h"

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/frame_table.h"
#include "memory/guest_copy.h"
#include "memory/m2p.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* One extent: where the guest's list has it, and how it is to be allocated; or one frame of it. */
struct extent {
    uint64_t entry; /* guest address of its element; 0: the caller wants no list */
    uint64_t frame; /* to give back: the extent's first is 0 */
    unsigned order;
    unsigned address_bits;
};

void frame_announce(struct domain *d, mfn_t m, uint64_t pfn)
{
    if (!frame_get(frame_of(m), d))
        return;
    pfn_assign(d, m, pfn);
    frame_put(frame_of(m));
}

/* Allocates; the element is written with the first MFN. */
static bool increase_extent(struct domain *d, const struct extent *e)
{
    struct frame *f = domain_alloc_frames(d, e->order, e->address_bits);
    uint64_t first;

    if (!f)
        return false;
    first = frame_mfn(f).n;
    return e->entry == 0 || words_to_guest(e->entry, &first, 1);
}

/* Allocates for the PFN that the element names, tells the array so, and writes the MFN back. */
static bool populate_extent(struct domain *d, const struct extent *e)
{
    uint64_t first_pfn, first;
    struct frame *f;

    if (!words_from_guest(&first_pfn, e->entry, 1))
        return refuse(false);
    f = domain_alloc_frames(d, e->order, e->address_bits);
    if (!f)
        return false;
    first = frame_mfn(f).n;
    for (uint64_t i = 0; i < UINT64_C(1) << e->order; i++)
        frame_announce(d, mfn(first + i), first_pfn + i);
    return words_to_guest(e->entry, &first, 1);
}

bool frame_return(struct domain *d, mfn_t m)
{
    struct frame *f;
    bool released;

    if (!mfn_valid(m))
        return refuse(false);
    f = frame_of(m);
    if (!frame_get(f, d))
        return refuse(false);
    /* Shared pages are the domain's to map, but Ringfort's to free. */
    released = !(f->count & COUNT_SHARED) && domain_release_frame(f);
    if (released)
        m2p_set(m, INVALID_M2P);
    frame_put(f);
    return released;
}

static bool decrease_extent(struct domain *d, const struct extent *e)
{
    uint64_t first;

    if (!words_from_guest(&first, e->entry, 1))
        return refuse(false);
    return frame_return(d, mfn(first + e->frame));
}

/* False: other work waits before the extent's memory is zeroed. */
static bool extent_prepare(unsigned op, struct domain *d, const struct extent *e)
{
    return op == XENMEM_decrease_reservation || e->order == 0 ||
           domain_prepare_frames(d, e->order, e->address_bits);
}

static bool extent_perform(unsigned op, struct domain *d, const struct extent *e)
{
    switch (op) {
    case XENMEM_increase_reservation:
        return increase_extent(d, e);
    case XENMEM_decrease_reservation:
        return decrease_extent(d, e);
    default:
        return populate_extent(d, e);
    }
}

/* Progress must fit into the operation number, a register of the guest's. */
static uint64_t extents_max(void)
{
    return (guest_is_narrow() ? UINT32_MAX : UINT64_MAX) >> MEMOP_EXTENT_SHIFT;
}

/* Frames are taken by the extent and given back one by one: in how many bits of its progress a
 * request counts the steps of one extent. */
static unsigned step_bits(unsigned op, const struct xen_memory_reservation *r)
{
    return op == XENMEM_decrease_reservation ? r->extent_order : 0;
}

/* True when the request makes sense before any extent is looked at. The list is checked as a whole,
 * so that no element's address can wrap into Ringfort's range. */
static bool request_ok(unsigned op, uint64_t start, const struct xen_memory_reservation *r)
{
    uint64_t list = handle_addr(r->extent_start);

    if (r->extent_order > EXTENT_ORDER_MAX || r->nr_extents > extents_max() >> r->extent_order)
        return false;
    if (start > r->nr_extents << step_bits(op, r))
        return false;
    if (r->mem_flags & XENMEMF_populate_on_demand)
        return false;
    if (list == 0 && op != XENMEM_increase_reservation)
        return r->nr_extents == 0;
    return list == 0 || guest_range_ok(list, r->nr_extents * word_size());
}

/* Does steps from `start` on until one fails, all are done or work waits. */
static uint64_t extents_perform(unsigned op, struct domain *d, uint64_t start,
                                const struct xen_memory_reservation *r, bool *preempted)
{
    struct extent e = {
        .order = r->extent_order,
        .address_bits = extent_address_bits(d, r->mem_flags),
    };
    uint64_t list = handle_addr(r->extent_start);
    unsigned bits = step_bits(op, r);
    uint64_t steps = r->nr_extents << bits;

    for (uint64_t i = start; i < steps; i++) {
        if ((i != start && preempt_needed()) || !extent_prepare(op, d, &e)) {
            *preempted = true;
            return i;
        }
        e.entry = list ? list + (i >> bits) * word_size() : 0;
        e.frame = i & ((UINT64_C(1) << bits) - 1);
        if (!extent_perform(op, d, &e))
            return i;
    }
    return steps;
}

/* The result is a count even for a request that is wrong as a whole; the reason is for the log. */
static long nothing_done(uint64_t start, int reason)
{
    (void)refuse(reason);
    return (long)start;
}

long memory_reservation_op(unsigned op, uint64_t start, uint64_t arg)
{
    struct xen_memory_reservation r;
    struct domain *d;
    bool preempted = false;
    uint64_t done;

    if (!struct_from_guest(&r, arg, xen_memory_reservation))
        return nothing_done(start, -EFAULT);
    if (!request_ok(op, start, &r))
        return nothing_done(start, -EINVAL);
    d = domain_get_foreign(r.domid);
    if (!d)
        return nothing_done(start >> step_bits(op, &r), -EPERM);
    /* The pseudo-domains' frames are nobody's to change, and a dying domain takes no more. */
    done = start;
    if (d->id < MAX_DOMAINS && d->state == DOMAIN_ALIVE)
        done = extents_perform(op, d, start, &r, &preempted);
    domain_put(d);
    if (preempted)
        return hypercall_restart(__HYPERVISOR_memory_op, 2,
                                 (unsigned long)op | done << MEMOP_EXTENT_SHIFT, arg);
    return (long)(done >> step_bits(op, &r));
}
