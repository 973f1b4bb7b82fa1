/* sources: @memory tests/host/memory_calls.c hypervisor/memory/memory_op.c hypervisor/memory/memory_op_reservation.c hypervisor/memory/memory_op_machphys.c hypervisor/memory/memory_op_resource.c hypervisor/memory/memory_map.c hypervisor/memory/exchange.c */
/* XENMEM_*: reservations that grow and shrink, on the machine in an array. */
#include "check.h"
#include "domain/domain.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/frame.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/memory_op.h"
#include "memory/reservation.h"
#include "memory_calls.h"

static void test_populate_and_decrease(void)
{
    uint64_t before;

    start();
    before = frames_free();
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 8, 0), 8);
    CHECK_EQ(d->tot_pages, 8);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(frame_owner(frame_of(mfn(list[i]))) == d);
        CHECK_EQ(m2p_get(mfn(list[i])), 100 + i);
    }
    CHECK_EQ(reserve(XENMEM_decrease_reservation, list, 8, 0), 8);
    CHECK_EQ(d->tot_pages, 0);
    CHECK_EQ(frames_free(), before);
    CHECK_EQ(m2p_get(mfn(list[3])), INVALID_M2P);
    /* They are gone: nothing is released twice. */
    CHECK_EQ(reserve(XENMEM_decrease_reservation, list, 8, 0), 0);
}

/* An extent's memory is zeroed and given back frame by frame when other work waits all the time. */
static void test_cut_extents(void)
{
    struct xen_memory_reservation r = request(list, 3, 3);
    uint64_t before;

    start();
    before = frames_free();
    machine_preempt_always(true);
    CHECK_EQ(finish(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r)), 3);
    CHECK_EQ(d->tot_pages, 24);
    r.nr_extents = 2;
    CHECK_EQ(do_memory_op(XENMEM_decrease_reservation, (uint64_t)&r), -ERESTART);
    CHECK_EQ(last_restart.args[0], XENMEM_decrease_reservation | 1 << 6);
    CHECK_EQ(d->tot_pages, 23);
    CHECK_EQ(finish(-ERESTART), 2);
    CHECK_EQ(d->tot_pages, 8);
    /* The third, of which one frame is gone: no extent is done whole. */
    list[3] = list[2] + 4;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, &list[3], 1, 0), 1);
    r = request(&list[2], 1, 3);
    CHECK_EQ(finish(do_memory_op(XENMEM_decrease_reservation, (uint64_t)&r)), 0);
    CHECK_EQ(d->tot_pages, 3);
    CHECK_EQ(frames_free(), before - 3);
}

static void test_large_extents(void)
{
    start();
    list[0] = 0x40;
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 1, 4), 1);
    for (unsigned i = 0; i < 16; i++)
        CHECK_EQ(m2p_get(mfn(list[0] + i)), 0x40 + i);
    CHECK_EQ(reserve(XENMEM_increase_reservation, list, 1, EXTENT_ORDER_MAX + 1), 0);
    machine_run(1);
    CHECK_EQ(reserve(XENMEM_increase_reservation, list, 1, EXTENT_ORDER_MAX + 1), 0);
    CHECK_EQ(reserve(XENMEM_increase_reservation, list, 2, 1), 2);
    CHECK_EQ(reserve(XENMEM_increase_reservation, NULL, 2, 1), 2);
    CHECK_EQ(machine_domain(1)->tot_pages, 8);
}

static void test_limits(void)
{
    struct xen_memory_reservation r;

    start();
    d->max_pages = 5;
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 8, 0), 5);
    CHECK_EQ(d->tot_pages, 5);

    start();
    r = request(list, 4, 0);
    r.mem_flags = XENMEMF_address_bits(12 + 7);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r), 4);
    for (unsigned i = 0; i < 4; i++)
        CHECK(list[i] < 128);
}

static void test_bad_requests(void)
{
    struct xen_memory_reservation r;

    start();
    /* Lists in the hypervisor's addresses, or that wrap into them from an extent far ahead. */
    r = request((uint64_t *)HYPERVISOR_ADDRESS, 1, 0);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r), 0);
    r = request(list, (HYPERVISOR_ADDRESS >> 3) + 4, 0);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap | HYPERVISOR_ADDRESS >> 3 << 6, (uint64_t)&r),
             (long)(HYPERVISOR_ADDRESS >> 3 << 6 >> 6));
    r = request(list, UINT64_MAX, 0);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r), 0);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap, 0), 0);
    /* A start behind the end. */
    r = request(list, 2, 0);
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap | 3 << 6, (uint64_t)&r), 3);
    CHECK_EQ(d->tot_pages, 0);
    /* Another domain's memory, from one without privilege. */
    machine_run(1);
    r = request(list, 2, 0);
    r.domid = 0;
    CHECK_EQ(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r), 0);
    CHECK_EQ(d->tot_pages, 0);
    CHECK_EQ(d->refs, 1);
}

static void test_preemption(void)
{
    struct xen_memory_reservation r;

    start();
    machine_preempt_always(true);
    r = request(list, 8, 0);
    CHECK_EQ(finish(do_memory_op(XENMEM_populate_physmap, (uint64_t)&r)), 8);
    CHECK_EQ(d->tot_pages, 8);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(m2p_get(mfn(list[i])), 100 + i);
    CHECK_EQ(finish(do_memory_op(XENMEM_decrease_reservation, (uint64_t)&r)), 8);
    CHECK_EQ(d->tot_pages, 0);
}

/* A frame with other references leaves the reservation and lives on until they are gone. */
static void test_decrease_used(void)
{
    struct frame *f, *shared;
    uint64_t before;

    start();
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 1, 0), 1);
    f = frame_of(mfn(list[0]));
    CHECK(frame_get(f, d));
    before = frames_free();
    CHECK_EQ(reserve(XENMEM_decrease_reservation, list, 1, 0), 1);
    CHECK_EQ(frames_free(), before);
    CHECK(frame_owner(f) == d);
    CHECK_EQ(reserve(XENMEM_decrease_reservation, list, 1, 0), 0);
    frame_put(f);
    CHECK_EQ(frames_free(), before + 1);

    /* Ringfort's own page that the domain may map is not the domain's to free. */
    shared = frame_of(virt_to_mfn(page_alloc(0)));
    frame_share(shared, d, true);
    list[0] = frame_mfn(shared).n;
    CHECK_EQ(reserve(XENMEM_decrease_reservation, list, 1, 0), 0);
    CHECK(frame_owner(shared) == d);
    CHECK(frame_unshare(shared));
}

/* The array does not say of another domain's frame what it was to have said of ours. With the log
 * on, pages are allocated while the array is written. */
static void test_populate_stolen(void)
{
    start();
    CHECK_EQ(dirty_log_enable(machine_domain(1), 1), 0);
    machine_run(1);
    d = machine_domain(1);
    list[0] = 0x40;
    machine_at_clear(3, steal_last);
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 1, 1), 1);
    CHECK(frame_owner(stolen) == machine_domain(0));
    CHECK_EQ(m2p_get(frame_mfn(stolen)), 4711);
    CHECK_EQ(dirty_log_disable(d), 0);
}

int main(void)
{
    test_populate_and_decrease();
    test_large_extents();
    test_cut_extents();
    test_limits();
    test_bad_requests();
    test_preemption();
    test_decrease_used();
    test_populate_stolen();
    return check_report();
}
