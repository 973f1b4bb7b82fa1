/* sources: @memory hypervisor/memory/memory_op.c hypervisor/memory/memory_op_reservation.c hypervisor/memory/memory_op_machphys.c hypervisor/memory/memory_op_resource.c hypervisor/memory/memory_map.c hypervisor/memory/exchange.c */
/* XENMEM_*: reservations, exchange, maps, on the machine in an array. */
#include <stdlib.h>
#include <string.h>

#include "lib/abi.h"
#include <xen/memory.h>

#include "boot/boot.h"
#include "check.h"
#include "domain/domain.h"
#include "grant/grant.h"
#include "lib/errno.h"
#include "machine.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/frame_table.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/memory_op.h"
#include "memory/oracle.h"
#include "memory/reservation.h"
#include "memory/pte.h"
#include "memory/page_type.h"
#include "memory/hypmap.h"
#include "lib/abi32.h"

#define LIST 64
#define GRANT_FRAMES 7
#define HYPERVISOR_ADDRESS 0xffff800000000000

struct boot_info boot_info;
struct options options = {.gnttab_max_frames = 64};
static unsigned crashes;

struct domain *domain_get(domid_t id)
{
    struct domain *d = id < 2 ? machine_domain(id) : NULL;

    if (d)
        domain_ref(d);
    return d;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    crashes++;
}

int grant_shared_frame(struct domain *d, unsigned index, mfn_t *out)
{
    *out = mfn(1000 + index);
    return index < GRANT_FRAMES ? 0 : -EINVAL;
}

unsigned grant_max_frames(const struct domain *d)
{
    return GRANT_FRAMES;
}

static struct domain *d;
static uint64_t list[LIST], out[LIST];

static void start(void)
{
    machine_reset();
    d = machine_domain(0);
    for (unsigned i = 0; i < LIST; i++)
        list[i] = 100 + i;
    crashes = 0;
}

static struct xen_memory_reservation request(uint64_t *extents, uint64_t count, unsigned order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .extent_order = order,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = (xen_pfn_t *)extents;
    return r;
}

static long reserve(unsigned op, uint64_t *extents, uint64_t count, unsigned order)
{
    struct xen_memory_reservation r = request(extents, count, order);

    return do_memory_op(op, (uint64_t)&r);
}

/* Repeats a call as the dispatcher would, until it is done. */
static long finish(long rc)
{
    unsigned restarts = 0;

    while (rc == -ERESTART && restarts++ < 1000) {
        CHECK(last_restart.called);
        CHECK_EQ(last_restart.op, __HYPERVISOR_memory_op);
        last_restart.called = false;
        rc = do_memory_op(last_restart.args[0], last_restart.args[1]);
    }
    return rc;
}

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

static void test_large_extents(void)
{
    start();
    list[0] = 0x40;
    CHECK_EQ(reserve(XENMEM_populate_physmap, list, 1, 4), 1);
    for (unsigned i = 0; i < 16; i++)
        CHECK_EQ(m2p_get(mfn(list[0] + i)), 0x40 + i);
    CHECK_EQ(reserve(XENMEM_increase_reservation, list, 1, EXTENT_ORDER_CONTROL + 1), 0);
    machine_run(1);
    CHECK_EQ(reserve(XENMEM_increase_reservation, list, 1, EXTENT_ORDER_GUEST + 1), 0);
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

static struct frame *stolen;

/* Another vCPU of domain 1 gives the frame that it was allocated last back, and the other domain
 * takes all there is. */
static void steal_last(void)
{
    struct domain *other = machine_domain(0);

    stolen = list_entry(machine_domain(1)->pages.prev, struct frame, link);
    CHECK(frame_return(machine_domain(1), frame_mfn(stolen)));
    while (domain_alloc_frames(other, 0, 0))
        ;
    CHECK(frame_owner(stolen) == other);
    m2p_set(frame_mfn(stolen), 4711);
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

/* Nor does the array say of another domain's frame what it was to have said of ours. With the log
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

static void test_queries(void)
{
    struct xen_memory_domain query = {.domid = DOMID_SELF};
    struct xen_machphys_mapping mapping;

    start();
    reserve(XENMEM_populate_physmap, list, 5, 0);
    CHECK_EQ(do_memory_op(XENMEM_current_reservation, (uint64_t)&query), 5);
    CHECK_EQ(do_memory_op(XENMEM_maximum_reservation, (uint64_t)&query), MACHINE_FRAMES);
    CHECK_EQ(do_memory_op(XENMEM_maximum_ram_page, 0), MACHINE_FRAMES - 1);
    query.domid = 7;
    CHECK_EQ(do_memory_op(XENMEM_current_reservation, (uint64_t)&query), -ESRCH);
    machine_run(1);
    query.domid = 0;
    CHECK_EQ(do_memory_op(XENMEM_current_reservation, (uint64_t)&query), -EPERM);
    CHECK_EQ(do_memory_op(XENMEM_machphys_mapping, (uint64_t)&mapping), 0);
    CHECK_EQ(mapping.v_start, 0xffff800000000000);
    CHECK(mapping.max_mfn >= MACHINE_FRAMES - 1);
    CHECK_EQ(do_memory_op(XENMEM_machphys_mapping, HYPERVISOR_ADDRESS), -EFAULT);
    CHECK_EQ(do_memory_op(XENMEM_add_to_physmap, 0), -ENOSYS);
}

static void test_maps(void)
{
    unsigned char e820[4][20] = {{1}, {2}, {3}, {4}}, back[8][20] = {{0}};
    struct xen_foreign_memory_map set = {.domid = 1, .map.nr_entries = 4};
    struct xen_memory_map map = {.nr_entries = 8};

    start();
    set.map.buffer.p = e820;
    map.buffer.p = back;
    CHECK_EQ(do_memory_op(XENMEM_memory_map, (uint64_t)&map), -ENOSYS);
    CHECK_EQ(do_memory_op(XENMEM_set_memory_map, (uint64_t)&set), 0);
    machine_run(1);
    CHECK_EQ(do_memory_op(XENMEM_memory_map, (uint64_t)&map), 0);
    CHECK_EQ(map.nr_entries, 4);
    CHECK(memcmp(e820, back, sizeof(e820)) == 0);
    CHECK_EQ(do_memory_op(XENMEM_machine_memory_map, (uint64_t)&map), -EPERM);
    machine_run(0);
    boot_info.region_count = 2;
    boot_info.regions[1] = (struct boot_region){.base = 0x100000, .size = 0x200000, .type = 1};
    map.nr_entries = 1;
    CHECK_EQ(do_memory_op(XENMEM_machine_memory_map, (uint64_t)&map), 0);
    CHECK_EQ(map.nr_entries, 1);
    map.buffer.p = NULL;
    CHECK_EQ(do_memory_op(XENMEM_machine_memory_map, (uint64_t)&map), 0);
    CHECK_EQ(map.nr_entries, 2);
    set.map.nr_entries = 1000;
    CHECK_EQ(do_memory_op(XENMEM_set_memory_map, (uint64_t)&set), -EINVAL);
    free(machine_domain(1)->e820);
}

static void test_claims_and_resources(void)
{
    struct xen_memory_reservation claim = {.nr_extents = 100, .domid = 1};
    struct xen_mem_acquire_resource r = {.domid = 1, .type = XENMEM_resource_grant_table};

    start();
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), 0);
    CHECK_EQ(machine_domain(1)->outstanding_claim, 100);
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -EINVAL);
    claim.nr_extents = 0;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), 0);
    claim.nr_extents = MACHINE_FRAMES;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -ENOMEM);

    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), 0);
    CHECK_EQ(r.nr_frames, GRANT_FRAMES);
    r.nr_frames = 3;
    r.frame = 4;
    r.frame_list.p = (xen_pfn_t *)list;
    machine_preempt_always(true);
    CHECK_EQ(finish(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r)), 0);
    CHECK_EQ(list[0], 1004);
    CHECK_EQ(list[2], 1006);
    r.frame = UINT64_MAX;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EINVAL);
    machine_run(1);
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EPERM);
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -EPERM);
}

/* Ringfort's own tables for the arrays: of the wide one two pages, of the narrow one 2 MiB. */
static void map_arrays(bool narrow)
{
    enum { L3 = 10, L2, L1, NARROW_L2, FIRST = 20 };
    uint64_t *l3 = mfn_to_virt(mfn(L3)), *l2 = mfn_to_virt(mfn(L2)), *l1 = mfn_to_virt(mfn(L1));
    uint64_t *narrow_l2 = mfn_to_virt(mfn(NARROW_L2));

    for (unsigned i = L3; i <= NARROW_L2; i++)
        memset(mfn_to_virt(mfn(i)), 0, PAGE_SIZE);
    hv_root[M2P_BASE >> 39 & 511] = pte_make(mfn(L3), PTE_PRESENT);
    l3[0] = pte_make(mfn(L2), PTE_PRESENT);
    l2[0] = pte_make(mfn(L1), PTE_PRESENT);
    l1[0] = pte_make(mfn(FIRST), PTE_PRESENT);
    l1[1] = pte_make(mfn(FIRST + 1), PTE_PRESENT);
    l1[2] = pte_make(mfn(FIRST), PTE_PRESENT);
    if (narrow) {
        l3[COMPAT_M2P_BASE >> 30 & 511] = pte_make(mfn(NARROW_L2), PTE_PRESENT);
        narrow_l2[0] = pte_make(mfn(512), PTE_PRESENT | PTE_LARGE);
    }
}

static void test_arrays(void)
{
    struct xen_machphys_mfn_list ask = {.max_extents = 4};
    uint32_t narrow[3];

    start();
    map_arrays(true);
    ask.extent_start.p = (xen_pfn_t *)list;
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, (uint64_t)&ask), 0);
    CHECK(ask.nr_extents == 1 && list[0] == 20);
    CHECK_EQ(do_memory_op(XENMEM_machphys_compat_mfn_list, (uint64_t)&ask), 0);
    CHECK(ask.nr_extents == 1 && list[0] == 512);
    ask.max_extents = 0;
    list[0] = 77;
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, (uint64_t)&ask), 0);
    CHECK(ask.nr_extents == 0 && list[0] == 77);
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, HYPERVISOR_ADDRESS), -EFAULT);
    ask.max_extents = 1;
    ask.extent_start.p = (xen_pfn_t *)HYPERVISOR_ADDRESS;
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, (uint64_t)&ask), -EFAULT);
    ask.extent_start.p = NULL;
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, (uint64_t)&ask), -EFAULT);
    d->is_compat = true;
    CHECK_EQ(do_memory_op(XENMEM_machphys_mapping, (uint64_t)narrow), 0);
    CHECK_EQ(narrow[0], COMPAT_HOLE_DEFAULT);
    CHECK_EQ(narrow[1], COMPAT_HOLE_DEFAULT + (2 << 20));
    CHECK_EQ(narrow[2], (2 << 20) / 4 - 1);
    d->is_compat = false;
    machine_run(1);
    CHECK_EQ(do_memory_op(XENMEM_machphys_mfn_list, (uint64_t)&ask), -EPERM);
    machine_run(0);

    /* What is mapped is everybody's to read; the gaps are nobody's. */
    map_arrays(false);
    memory_machphys_share();
    for (unsigned i = 19; i <= 22; i++)
        CHECK_EQ(frame_owner(frame_of(mfn(i))), i == 20 || i == 21 ? dom_xen : NULL);
    CHECK_EQ(frame_of(mfn(20))->type, type_key(FRAME_SHARED) | 1);
}

/* What the guest shows as its highest PFN, at each width, else what it has. */
static void test_highest_pfn(void)
{
    static struct shared_info shared;
    struct xen_memory_domain query = {.domid = DOMID_SELF};

    start();
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, (uint64_t)&query), 0);
    reserve(XENMEM_populate_physmap, list, 5, 0);
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, (uint64_t)&query), 4);
    d->shared_info = &shared;
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, (uint64_t)&query), 4);
    shared.arch.max_pfn = 100;
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, (uint64_t)&query), 99);
    shared.arch.max_pfn = 0;
    ((struct shared_info_x86_32 *)&shared)->arch.max_pfn = 50;
    d->is_compat = true;
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, (uint64_t)&query), 49);
    CHECK_EQ(do_memory_op(XENMEM_maximum_gpfn, HYPERVISOR_ADDRESS), -EFAULT);
    CHECK_EQ(do_memory_op(XENMEM_get_vnumainfo, (uint64_t)&query), -EOPNOTSUPP);
    d->is_compat = false;
}

static void test_refused_claims_and_resources(void)
{
    struct xen_memory_reservation claim = {.nr_extents = 1, .domid = 1};
    struct xen_mem_acquire_resource r = {.domid = 1, .nr_frames = 2};

    start();
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, HYPERVISOR_ADDRESS), -EFAULT);
    claim.extent_order = 1;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -EINVAL);
    claim.extent_order = 0, claim.mem_flags = 1;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -EINVAL);
    claim.mem_flags = 0, claim.extent_start.p = (xen_pfn_t *)list;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -EINVAL);
    claim.extent_start.p = NULL, claim.domid = 9;
    CHECK_EQ(do_memory_op(XENMEM_claim_pages, (uint64_t)&claim), -ESRCH);

    r.frame_list.p = (xen_pfn_t *)list;
    r.type = XENMEM_resource_grant_table;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, HYPERVISOR_ADDRESS), -EFAULT);
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), 0);
    r.pad = 1;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EINVAL);
    r.pad = 0, r.type = XENMEM_resource_ioreq_server;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EOPNOTSUPP);
    r.type = XENMEM_resource_grant_table, r.id = XENMEM_resource_grant_table_id_status;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EOPNOTSUPP);
    r.id = 0, r.frame = GRANT_FRAMES;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EINVAL);
    r.frame = 0, r.domid = 9;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -ESRCH);
    r.domid = 1, r.frame_list.p = (xen_pfn_t *)HYPERVISOR_ADDRESS;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -EFAULT);
    r.frame_list.p = (xen_pfn_t *)list;
    machine_domain(1)->state = DOMAIN_DYING;
    CHECK_EQ(do_memory_op(XENMEM_acquire_resource, (uint64_t)&r), -ESRCH);
}

int main(void)
{
    test_populate_and_decrease();
    test_large_extents();
    test_limits();
    test_bad_requests();
    test_preemption();
    test_decrease_used();
    test_exchange();
    test_exchange_exhausted();
    test_exchange_stale();
    test_exchange_stolen();
    test_populate_stolen();
    test_exchange_refusals();
    test_queries();
    test_maps();
    test_claims_and_resources();
    test_arrays();
    test_highest_pfn();
    test_refused_claims_and_resources();
    return check_report();
}
