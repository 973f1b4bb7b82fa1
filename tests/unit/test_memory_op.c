/* sources: @memory tests/host/memory_calls.c hypervisor/memory/memory_op.c hypervisor/memory/memory_op_reservation.c hypervisor/memory/memory_op_machphys.c hypervisor/memory/memory_op_resource.c hypervisor/memory/memory_map.c hypervisor/memory/exchange.c */
/* XENMEM_*: what they tell and share, claims and resources, on the machine in an array. */
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "check.h"
#include "domain/domain.h"
#include "lib/abi32.h"
#include "lib/errno.h"
#include "memory/frame_table.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/memory_op.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory_calls.h"

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
    test_queries();
    test_maps();
    test_claims_and_resources();
    test_arrays();
    test_highest_pfn();
    test_refused_claims_and_resources();
    return check_report();
}
