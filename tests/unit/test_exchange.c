/* sources: @memory tests/host/memory_calls.c hypervisor/memory/memory_op.c hypervisor/memory/memory_op_reservation.c hypervisor/memory/memory_op_machphys.c hypervisor/memory/memory_op_resource.c hypervisor/memory/memory_map.c hypervisor/memory/exchange.c */
/* XENMEM_exchange on the machine in an array. */
#include <string.h>

#include "check.h"
#include "domain/domain.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/m2p.h"
#include "memory/memory_op.h"
#include "memory_calls.h"

static uint64_t out[LIST];

static struct xen_memory_exchange exchange(uint64_t in, unsigned in_order, uint64_t count,
                                           unsigned out_order)
{
    struct xen_memory_exchange x = {
        .in = request(list, in, in_order),
        .out = request(out, count, out_order),
    };

    for (unsigned i = 0; i < LIST; i++)
        out[i] = 1000 + i * 100;
    return x;
}

static long do_exchange(struct xen_memory_exchange *x)
{
    return finish(do_memory_op(XENMEM_exchange, (uint64_t)x));
}

static void test_exchange(void)
{
    struct xen_memory_exchange x;
    uint64_t before;

    start();
    reserve(XENMEM_populate_physmap, list, 32, 0);
    d->max_pages = 32;
    before = frames_free();
    x = exchange(32, 0, 2, 4);
    x.out.mem_flags = XENMEMF_address_bits(12 + 8);
    CHECK_EQ(do_exchange(&x), 0);
    CHECK_EQ(x.nr_exchanged, 32);
    CHECK_EQ(d->tot_pages, 32);
    CHECK_EQ(frames_free(), before);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(out[i] % 16, 0);
        CHECK(out[i] + 16 <= 256);
        for (unsigned j = 0; j < 16; j++)
            CHECK_EQ(m2p_get(mfn(out[i] + j)), 1000 + i * 100 + j);
    }
    /* And back into single frames, cut at every chunk. */
    memcpy(list, out, sizeof(list));
    x = exchange(2, 4, 32, 0);
    machine_preempt_always(true);
    CHECK_EQ(do_exchange(&x), 0);
    CHECK_EQ(x.nr_exchanged, 2);
    CHECK_EQ(d->tot_pages, 32);
    CHECK_EQ(frames_free(), before);
    for (unsigned i = 0; i < 32; i++)
        CHECK_EQ(m2p_get(mfn(out[i])), 1000 + i * 100);
    CHECK_EQ(crashes, 0);
}

static void test_exchange_exhausted(void)
{
    struct xen_memory_exchange x;

    start();
    reserve(XENMEM_populate_physmap, list, 16, 0);
    x = exchange(16, 0, 1, 4);
    x.out.mem_flags = XENMEMF_address_bits(12 + 3); /* no frame of a domain is so low */
    CHECK_EQ(do_exchange(&x), -ENOMEM);
    CHECK_EQ(x.nr_exchanged, 0);
    CHECK_EQ(d->tot_pages, 16);
    for (unsigned i = 0; i < 16; i++) {
        CHECK(frame_owner(frame_of(mfn(list[i]))) == d);
        CHECK_EQ(m2p_get(mfn(list[i])), 100 + i);
    }
    CHECK_EQ(crashes, 0);
}

/* A frame that an exchange gave back untouched may still be writable by a TLB: it must not become a
 * table without a flush. */
static void test_exchange_stale(void)
{
    struct xen_memory_exchange x;
    unsigned before;
    struct frame *f;

    start();
    reserve(XENMEM_populate_physmap, list, 16, 0);
    f = frame_of(mfn(list[7]));
    CHECK_EQ(frame_get_typed(f, d, FRAME_WRITABLE), 0);
    frame_put_typed(f);
    before = machine_flushes;
    x = exchange(16, 0, 1, 4);
    x.out.mem_flags = XENMEMF_address_bits(12 + 3);
    CHECK_EQ(do_exchange(&x), -ENOMEM);
    spin_lock(&d->paging_lock);
    CHECK_EQ(frame_get_typed(f, d, FRAME_L1), 0);
    CHECK(machine_flushes > before);
    frame_put_typed(f);
    spin_unlock(&d->paging_lock);
}

/* What an exchange allocated and cannot use may be another domain's by then. */
static void test_exchange_stolen(void)
{
    struct xen_memory_exchange x;

    start();
    machine_run(1);
    d = machine_domain(1);
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 1, 4), 1);
    x = exchange(1, 4, 16, 0);
    machine_at_clear(2, steal_last);
    CHECK_EQ(do_exchange(&x), -ENOMEM);
    CHECK(frame_owner(stolen) == machine_domain(0));
    CHECK(frame_get(stolen, machine_domain(0)));
    frame_put(stolen);
    CHECK_EQ(d->tot_pages, 16);
}

static void check_exchange_refused(struct xen_memory_exchange x, long error)
{
    uint64_t pages = d->tot_pages, free_frames = frames_free();

    CHECK_EQ(do_exchange(&x), error);
    CHECK_EQ(d->tot_pages, pages);
    CHECK_EQ(frames_free(), free_frames);
}

static void test_exchange_refusals(void)
{
    struct xen_memory_exchange x;
    struct frame *f;

    start();
    reserve(XENMEM_populate_physmap, list, 16, 0);
    /* A frame in use in any way, one twice, one of nobody, one that does not exist. */
    f = frame_of(mfn(list[7]));
    CHECK(frame_get(f, d));
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    frame_put(f);
    CHECK_EQ(frame_get_typed(f, d, FRAME_WRITABLE), 0);
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    frame_put_typed(f);
    list[8] = list[7];
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    list[8] = 3;
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    list[8] = MACHINE_FRAMES + 1;
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    list[8] = UINT64_MAX;
    check_exchange_refused(exchange(16, 0, 1, 4), -EINVAL);
    /* Sizes that differ, parts of chunks, absurd orders and counts, foreign owners. */
    check_exchange_refused(exchange(16, 0, 1, 3), -EINVAL);
    check_exchange_refused(exchange(16, 0, 1, 60), -EPERM);
    check_exchange_refused(exchange(UINT64_MAX, 0, UINT64_MAX, 0), -EINVAL);
    x = exchange(16, 0, 1, 4);
    x.nr_exchanged = 17;
    check_exchange_refused(x, -EINVAL);
    x.nr_exchanged = 3;
    check_exchange_refused(x, -EINVAL);
    x = exchange(16, 0, 1, 4);
    x.out.domid = 1;
    check_exchange_refused(x, -EINVAL);
    /* Lists that are Ringfort's memory, even where the progress claims to be behind them. */
    x = exchange(16, 0, 16, 0);
    x.out.extent_start.p = (xen_pfn_t *)(HYPERVISOR_ADDRESS - 64);
    check_exchange_refused(x, -EFAULT);
    x = exchange(16, 0, 16, 0);
    x.nr_exchanged = 8;
    x.in.extent_start.p = (xen_pfn_t *)HYPERVISOR_ADDRESS;
    check_exchange_refused(x, -EFAULT);
    CHECK_EQ(do_memory_op(XENMEM_exchange, HYPERVISOR_ADDRESS), -EFAULT);
}

int main(void)
{
    test_exchange();
    test_exchange_exhausted();
    test_exchange_stale();
    test_exchange_stolen();
    test_exchange_refusals();
    return check_report();
}
