/* sources: tests/host/panic.c tests/host/small_world.c tests/host/grant_world.c hypervisor/lib/spinlock.c hypervisor/grant/entry.c hypervisor/grant/maptrack.c hypervisor/grant/recount.c hypervisor/grant/table.c hypervisor/grant/use.c hypervisor/grant/setup.c hypervisor/grant/map.c hypervisor/grant/unmap.c hypervisor/grant/copy.c hypervisor/grant/transfer.c hypervisor/grant/grant_op.c hypervisor/hypercall/compat.c */
/* Grants: what an entry permits, mapping and its end in every order, copies, death of either side.
 */
#include <string.h>

#include "check.h"
#include "grant_world.h"
#include "hypercall/hypercall.h"
#include "lib/errno.h"
#include "memory/mapping.h"
#include "panics.h"

#define MAP (GNTMAP_host_map)
#define MAP_RO (GNTMAP_host_map | GNTMAP_readonly)

static int unmap(uint32_t handle, uint64_t host_addr, uint64_t dev_bus_addr)
{
    struct gnttab_unmap_grant_ref u = {
        .handle = handle, .host_addr = host_addr, .dev_bus_addr = dev_bus_addr};

    CHECK_EQ(grant_world_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
    return u.status;
}

static void test_entry(void)
{
    struct grant_entry_v1 e = {.flags = GTF_permit_access, .domid = 5, .frame = 77};
    struct grant_active a = {0};

    CHECK_EQ(grant_begin(&e, &a, 6, false), GNTST_permission_denied);
    CHECK_EQ(e.flags, GTF_permit_access);
    CHECK_EQ(grant_begin(&e, &a, 5, false), GNTST_okay);
    CHECK_EQ(e.flags, GTF_permit_access | GTF_reading);
    CHECK_EQ(a.frame, 77);

    /* The granter changes its mind: the frame in use stays, and who reads may go on reading. */
    e.frame = 78;
    e.flags |= GTF_readonly;
    CHECK_EQ(grant_begin(&e, &a, 5, true), GNTST_permission_denied);
    e.flags = 0;
    CHECK_EQ(grant_begin(&e, &a, 5, false), GNTST_okay);
    CHECK_EQ(a.frame, 77);
    CHECK_EQ(grant_begin(&e, &a, 6, false), GNTST_general_error);

    e.flags = GTF_permit_access | GTF_reading;
    CHECK_EQ(grant_begin(&e, &a, 5, true), GNTST_okay);
    CHECK_EQ(e.flags, GTF_permit_access | GTF_reading | GTF_writing);
    grant_end(&e, &a, true);
    CHECK_EQ(e.flags, GTF_permit_access | GTF_reading);
    grant_end(&e, &a, false);
    CHECK_EQ(e.flags, GTF_permit_access | GTF_reading);
    grant_end(&e, &a, false);
    CHECK_EQ(e.flags, GTF_permit_access);
    CHECK(!grant_in_use(&a));

    e.flags = GTF_accept_transfer;
    CHECK_EQ(grant_begin(&e, &a, 5, false), GNTST_bad_gntref);
    e.flags = GTF_transitive;
    CHECK_EQ(grant_begin(&e, &a, 5, false), GNTST_bad_gntref);
}

static void test_maptrack(void)
{
    struct maptrack t;
    uint32_t first, handle = 0;

    CHECK_EQ(maptrack_init(&t, 1), 0);
    CHECK(!maptrack_find(&t, 0));
    first = maptrack_take(&t);
    CHECK(!maptrack_find(&t, first));
    maptrack_reserved(&t, first)->flags = GNTMAP_host_map;
    CHECK(maptrack_find(&t, first) != NULL);
    for (unsigned i = 1; i < MAPTRACK_PER_PAGE; i++)
        handle = maptrack_take(&t);
    CHECK_EQ(maptrack_take(&t), NO_HANDLE);
    maptrack_give_back(&t, handle);
    CHECK_EQ(maptrack_take(&t), handle);
    CHECK(!maptrack_find(&t, maptrack_size(&t)));
    CHECK(!maptrack_find(&t, NO_HANDLE));
    CHECK_EQ(maptrack_size(&t), MAPTRACK_PER_PAGE);
    for (unsigned i = 0; i < MAPTRACK_PER_PAGE; i++)
        maptrack_give_back(&t, i);
    CHECK_EQ(maptrack_size(&t), 0);
    CHECK(maptrack_take(&t) != NO_HANDLE);
    maptrack_destroy(&t);
}

static void test_setup(void)
{
    xen_pfn_t list[3] = {0};
    struct gnttab_query_size q = {.dom = DOMID_SELF};
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 3};
    struct gnttab_set_version v = {.version = 1};

    grant_world_reset(3);
    s.frame_list.p = list;
    world_run(1, 0);
    CHECK_EQ(grant_world_op(GNTTABOP_query_size, &q, 1), 0);
    CHECK_EQ(q.status, GNTST_okay);
    CHECK_EQ(q.nr_frames, 1);
    CHECK_EQ(q.max_nr_frames, 3);
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 1), 0);
    CHECK_EQ(s.status, GNTST_okay);
    CHECK(list[0] && list[1] && list[2] && list[0] != list[1]);
    grant_world_end();
    /* Cut after each frame that is new. */
    grant_world_reset(3);
    world_run(1, 0);
    for (unsigned i = 1; i < 3; i++) {
        world_preempt_after(1);
        CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 1), i < 2 ? -ERESTART : 0);
        CHECK_EQ(world_domain(1)->grants->nr_frames, i + 1);
    }
    s.nr_frames = 4;
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 1), 0);
    CHECK_EQ(s.status, GNTST_general_error);
    s.dom = q.dom = 2;
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 1), 0);
    CHECK_EQ(s.status, GNTST_permission_denied);
    q.dom = 9;
    CHECK_EQ(grant_world_op(GNTTABOP_query_size, &q, 1), 0);
    CHECK_EQ(q.status, GNTST_bad_domain);
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 2), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_set_version, &v, 1), 0);
    v.version = 2;
    CHECK_EQ(grant_world_op(GNTTABOP_set_version, &v, 1), -ENOSYS);
    CHECK_EQ(grant_world_op(GNTTABOP_get_status_frames, &v, 1), -ENOSYS);
    grant_world_end();
}

static void test_map(void)
{
    struct gnttab_map_grant_ref m, again;

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    m = grant_world_map(8, MAP, 0);
    CHECK_EQ(m.status, GNTST_okay);
    CHECK_EQ(m.dev_bus_addr, 9 << PAGE_SHIFT);
    CHECK_EQ(grant_world_mapped(2, 0), 9);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_reading | GTF_writing);
    CHECK(!grant_world_make_table(9));

    /* What the guest may choose of its entry: three bits, and whether applications see it. */
    CHECK_EQ(grant_world_bits(2, 0), 0);
    again = grant_world_map(8, MAP | GNTMAP_application_map | 5u << _GNTMAP_guest_avail0, 1);
    CHECK_EQ(grant_world_bits(2, 1), 4 | 5 << 9);
    CHECK_EQ(unmap(again.handle, again.host_addr, 0), GNTST_okay);

    again = grant_world_map(8, MAP_RO | GNTMAP_contains_pte, 1);
    CHECK_EQ(again.status, GNTST_okay);
    CHECK_EQ(unmap(m.handle, grant_world_va(0), 0), GNTST_okay);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_reading);
    CHECK_EQ(unmap(m.handle, grant_world_va(0), 0), GNTST_bad_handle);
    CHECK_EQ(unmap(again.handle, grant_world_va(1), 0), GNTST_bad_virt_addr);
    CHECK_EQ(unmap(again.handle, grant_world_pte(2, 1), 0), GNTST_okay);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    CHECK(grant_world_make_table(9));
    CHECK_EQ(grant_world_map(8, MAP, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_map(8, MAP | GNTMAP_device_map, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    CHECK_EQ(grant_world_map(8, MAP_RO, 0).status, GNTST_okay);
    grant_world_end();
}

static void test_refusals(void)
{
    struct gnttab_map_grant_ref m = {.dom = 9, .flags = MAP};

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access | GTF_readonly, 2, 9);
    grant_world_offer(1, 9, GTF_permit_access, 0, 9);
    grant_world_offer(1, 10, GTF_permit_access, 2, 17);
    grant_world_offer(1, 11, GTF_permit_access, 2, WORLD_FRAMES);
    grant_world_offer(1, 12, GTF_permit_access, 2, 12);
    CHECK_EQ(grant_world_map(8, MAP, 0).status, GNTST_permission_denied);
    CHECK_EQ(grant_world_map(9, MAP, 0).status, GNTST_permission_denied);
    /* Not the granter's frame, or none at all. */
    CHECK_EQ(grant_world_map(10, MAP, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_map(11, MAP, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_map(GRANTS_PER_FRAME, MAP, 0).status, GNTST_bad_gntref);
    CHECK_EQ(grant_world_map(~0u, MAP, 0).status, GNTST_bad_gntref);
    CHECK_EQ(grant_world_map(12, 0, 0).status, GNTST_bad_gntref);
    /* Ringfort's page, which does not keep its granter: the mapping could outlive it. */
    grant_world_offer(1, 13, GTF_permit_access, 2,
                      (uint32_t)virt_to_mfn(world_domain(1)->grants->shared[0]).n);
    CHECK_EQ(grant_world_map(13, MAP, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_map(13, MAP_RO, 0).status, GNTST_bad_page);
    CHECK_EQ(grant_world_flags(1, 13), GTF_permit_access);
    CHECK_EQ(grant_world_map(12, MAP, WORLD_SLOTS).status, GNTST_bad_virt_addr);
    CHECK_EQ(grant_world_flags(1, 12), GTF_permit_access);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, &m, 1), 0);
    CHECK_EQ(m.status, GNTST_bad_domain);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, NULL, 1), -EFAULT);
    CHECK_EQ(unmap(0, grant_world_va(0), 0), GNTST_bad_handle);
    CHECK_EQ(unmap(~0u, grant_world_va(0), 0), GNTST_bad_handle);
    grant_world_end();
}

/* A mapping for a device and for the processor ends in two steps, in any order. */
static void test_device(void)
{
    struct gnttab_map_grant_ref m;

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    m = grant_world_map(8, MAP | GNTMAP_device_map, 0);
    CHECK_EQ(m.status, GNTST_okay);
    CHECK_EQ(unmap(m.handle, grant_world_va(0), 0), GNTST_okay);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_reading | GTF_writing);
    CHECK_EQ(unmap(m.handle, 0, m.dev_bus_addr), GNTST_okay);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    CHECK_EQ(unmap(m.handle, 0, m.dev_bus_addr), GNTST_bad_handle);
    m = grant_world_map(8, GNTMAP_device_map, 0);
    CHECK_EQ(unmap(m.handle, grant_world_va(0), m.dev_bus_addr), GNTST_bad_virt_addr);
    CHECK_EQ(unmap(m.handle, 0, m.dev_bus_addr), GNTST_okay);
    grant_world_end();
}

static void test_replace(void)
{
    struct gnttab_unmap_and_replace r;
    struct gnttab_map_grant_ref m, other;

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    grant_world_offer(1, 9, GTF_permit_access, 2, 10);
    m = grant_world_map(8, MAP, 0);
    other = grant_world_map(9, MAP, 1);
    r = (struct gnttab_unmap_and_replace){
        .host_addr = grant_world_va(0), .new_addr = grant_world_va(1), .handle = m.handle};
    CHECK_EQ(grant_world_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
    CHECK_EQ(r.status, GNTST_okay);
    CHECK_EQ(grant_world_mapped(2, 0), 10);
    CHECK_EQ(grant_world_mapped(2, 1), WORLD_FRAMES);
    CHECK_EQ(unmap(other.handle, grant_world_va(0), 0), GNTST_okay);
    grant_world_end();
}

/* Each element is done once, whatever the preemption; the restarted call has the rest of the list.
 */
static void test_preemption(void)
{
    struct gnttab_map_grant_ref list[4];

    grant_world_reset(2);
    world_run(2, 0);
    for (unsigned i = 0; i < 4; i++) {
        grant_world_offer(1, 8 + i, GTF_permit_access, 2, 9 + i);
        list[i] = (struct gnttab_map_grant_ref){
            .ref = 8 + i, .dom = 1, .flags = MAP, .host_addr = grant_world_va(i)};
    }
    world_preempt_after(2);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, list, 4), -ERESTART);
    CHECK_EQ(world_restart.op, __HYPERVISOR_grant_table_op);
    CHECK_EQ(world_restart.args[0], GNTTABOP_map_grant_ref);
    CHECK_EQ(world_restart.args[1], (uint64_t)&list[2]);
    CHECK_EQ(world_restart.args[2], 2);
    CHECK_EQ(grant_world_mapped(2, 1), 10);
    CHECK_EQ(grant_world_mapped(2, 2), WORLD_FRAMES);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, &list[2], 2), 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(list[i].status, GNTST_okay);
    grant_world_end();
}

static void test_death(void)
{
    struct gnttab_map_grant_ref m;

    /* The user dies: the granter has its frame for itself again. */
    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    grant_world_map(8, MAP | GNTMAP_device_map, 0);
    grant_world_kill(2);
    grant_world_check();
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    CHECK(grant_world_make_table(9));
    grant_world_end();

    /* The granter dies: its frame lives until it is unmapped, and cannot be mapped anew. */
    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    m = grant_world_map(8, MAP, 0);
    grant_world_kill(1);
    grant_world_check();
    CHECK(!grant_world_is_free(9));
    CHECK_EQ(grant_world_map(8, MAP, 1).status, GNTST_bad_domain);
    CHECK_EQ(unmap(m.handle, grant_world_va(0), 0), GNTST_okay);
    CHECK(grant_world_is_free(9));
    grant_world_end();

    /* The user drops its entry by itself: the mapping stays until the end, and counts agree. */
    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    m = grant_world_map(8, MAP, 0);
    grant_world_clear(2, 0);
    grant_world_check();
    CHECK(!grant_world_make_table(9));
    CHECK_EQ(unmap(m.handle, grant_world_va(0), 0), GNTST_bad_virt_addr);
    grant_world_end();
}

/* What cannot be read or written back: an error, and what was done before is whole. */
static void test_faults(void)
{
    static const unsigned ops[] = {
        GNTTABOP_setup_table,     GNTTABOP_query_size,        GNTTABOP_set_version,
        GNTTABOP_get_version,     GNTTABOP_map_grant_ref,     GNTTABOP_copy,
        GNTTABOP_unmap_grant_ref, GNTTABOP_unmap_and_replace, GNTTABOP_transfer};
    union {
        struct gnttab_setup_table setup;
        struct gnttab_query_size size;
        struct gnttab_set_version set;
        struct gnttab_get_version get;
        struct gnttab_map_grant_ref map;
        struct gnttab_unmap_grant_ref unmap;
        struct gnttab_copy copy;
        struct gnttab_transfer transfer;
    } u;

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    world_run(2, 0);
    for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        CHECK_EQ(grant_world_op(ops[i], NULL, 1), -EFAULT);
        memset(&u, 0, sizeof(u));
        u.set.version = 1; /* of two operations the first member, of others a domain */
        if (ops[i] == GNTTABOP_get_version)
            u.get.dom = DOMID_SELF;
        world_fail_store_after(1);
        CHECK_EQ(grant_world_op(ops[i], &u, 1), -EFAULT);
        world_fail_store_after(0);
    }

    /* The mapping is there, although its maker was not told. */
    u.map = (struct gnttab_map_grant_ref){
        .ref = 8, .dom = 1, .flags = MAP, .host_addr = grant_world_va(0)};
    world_fail_store_after(1);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, &u, 1), -EFAULT);
    CHECK_EQ(grant_world_mapped(2, 0), 9);
    CHECK_EQ(unmap(0, grant_world_va(0), 0), GNTST_okay);

    u.setup = (struct gnttab_setup_table){.dom = DOMID_SELF, .nr_frames = 1};
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &u, 1), 0);
    CHECK_EQ(u.setup.status, GNTST_bad_virt_addr);
    grant_world_end();
}

static void test_versions_and_counts(void)
{
    struct gnttab_get_version get = {.dom = DOMID_SELF};
    struct gnttab_set_version set = {.version = 3};

    grant_world_reset(2);
    world_run(2, 0);
    CHECK_EQ(grant_world_op(GNTTABOP_get_version, &get, 1), 0);
    CHECK_EQ(get.version, 1);
    get.dom = 1;
    CHECK_EQ(grant_world_op(GNTTABOP_get_version, &get, 1), -EPERM);
    get.dom = 9;
    CHECK_EQ(grant_world_op(GNTTABOP_get_version, &get, 1), -ESRCH);
    CHECK_EQ(grant_world_op(GNTTABOP_get_version, &get, 2), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_set_version, &set, 1), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_set_version, &set, 0), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_query_size, &set, 2), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_map_grant_ref, &get, 0x80000000), -EINVAL);
    CHECK_EQ(grant_world_op(GNTTABOP_copy, NULL, 0), 0);
    grant_world_end();
}

/* Without memory no table, and nothing left of one; then only what the limits allow. */
static void test_limits(void)
{
    struct domain fresh = {.id = 1, .state = DOMAIN_ALIVE};
    struct gnttab_map_grant_ref m;
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 2};
    xen_pfn_t list[2];
    mfn_t frame;

    grant_world_reset(2);
    CHECK_EQ(grant_init_domain(&fresh, 0, 1), -EINVAL);
    for (unsigned i = 1; i <= 5; i++) {
        world_fail_alloc_after(i);
        CHECK_EQ(grant_init_domain(&fresh, 1, 1), -ENOMEM);
        CHECK(!fresh.grants);
    }
    grant_destroy_domain(&fresh);

    s.frame_list.p = list;
    world_run(2, 0);
    world_fail_alloc_after(1);
    CHECK_EQ(grant_world_op(GNTTABOP_setup_table, &s, 1), 0);
    CHECK_EQ(s.status, GNTST_general_error);
    CHECK_EQ(grant_shared_frame(world_domain(2), 2, &frame), -EINVAL);
    CHECK_EQ(grant_shared_frame(world_domain(2), 1, &frame), 0);
    CHECK_EQ(grant_max_frames(world_domain(2)), 2);

    world_domain(2)->state = DOMAIN_DYING;
    CHECK_EQ(grant_shared_frame(world_domain(2), 0, &frame), -EINVAL);
    world_domain(2)->state = DOMAIN_ALIVE;

    /* No memory for records of mappings; and a domain that may map nothing. */
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    world_fail_alloc_after(1);
    CHECK_EQ(grant_world_map(8, MAP, 0).status, GNTST_no_device_space);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    maptrack_destroy(&world_domain(2)->grants->maptrack);
    CHECK_EQ(maptrack_init(&world_domain(2)->grants->maptrack, 0), 0);
    m = grant_world_map(8, MAP, 0);
    CHECK_EQ(m.status, GNTST_no_device_space);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    grant_world_end();
}

/* What one kind of mapping took goes back when the other cannot be had; a frame whose type is being
 * taken down is for later. */
static void test_backing_out(void)
{
    struct gnttab_unmap_and_replace r;
    struct gnttab_map_grant_ref m;
    struct gnttab_copy c = {.source = {.u.gmfn = 20, .domid = DOMID_SELF},
                            .dest = {.u.ref = 8, .domid = 1},
                            .len = 1,
                            .flags = GNTCOPY_dest_gref};

    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    CHECK_EQ(grant_world_map(8, MAP | GNTMAP_device_map, WORLD_SLOTS).status, GNTST_bad_virt_addr);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);

    grant_world_make_busy(9, true);
    CHECK_EQ(grant_world_map(8, MAP, 0).status, GNTST_eagain);
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_eagain);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    grant_world_make_busy(9, false);

    /* A mapping at an entry cannot be replaced, and stays. */
    m = grant_world_map(8, MAP | GNTMAP_contains_pte, 0);
    r = (struct gnttab_unmap_and_replace){.host_addr = m.host_addr, .handle = m.handle};
    CHECK_EQ(grant_world_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
    CHECK_EQ(r.status, GNTST_bad_virt_addr);
    CHECK_EQ(grant_world_mapped(2, 0), 9);
    CHECK_EQ(unmap(m.handle, m.host_addr, 0), GNTST_okay);

    /* Nor one that is said to be at address 0, where an unmap leaves the entry alone. */
    m = grant_world_map(8, MAP, 0);
    r = (struct gnttab_unmap_and_replace){.new_addr = grant_world_va(1), .handle = m.handle};
    CHECK_EQ(grant_world_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
    CHECK_EQ(r.status, GNTST_bad_virt_addr);
    CHECK_EQ(unmap(m.handle, 0, 0), GNTST_okay);
    CHECK_EQ(grant_world_mapped(2, 0), 9);
    CHECK_EQ(unmap(m.handle, m.host_addr, 0), GNTST_okay);
    grant_world_end();
}

static void unmap_orphan(void)
{
    unmap(0, grant_world_va(0), 0);
}

/* What a mapping holds keeps its granter: one without is Ringfort's own mistake, and no other
 * domain of that number is taken for it. */
static void test_orphan(void)
{
    grant_world_reset(2);
    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    grant_world_map(8, MAP, 0);
    world_domain(2)->grants->maptrack.pages[0][0].granter = WORLD_DOMAINS;
    CHECK(panics(unmap_orphan));
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_reading | GTF_writing);
    world_domain(2)->grants->maptrack.pages[0][0] =
        (struct grant_mapping){.ref = 8, .granter = 1, .flags = MAP};
    unmap_orphan();
    grant_world_end();
}

/* Lists of copies and of endings stop between elements; a dying domain's walk between handles. */
static void test_more_preemption(void)
{
    struct gnttab_copy c[2];
    unsigned rounds = 0;

    grant_world_reset(2);
    world_run(2, 0);
    for (unsigned i = 0; i < 2; i++)
        c[i] = (struct gnttab_copy){.source = {.u.gmfn = 20, .domid = DOMID_SELF},
                                    .dest = {.u.gmfn = 21, .domid = DOMID_SELF, .offset = i},
                                    .len = 1};
    world_preempt_after(1);
    CHECK_EQ(grant_world_op(GNTTABOP_copy, c, 2), -ERESTART);
    CHECK_EQ(world_restart.args[1], (uint64_t)&c[1]);
    CHECK_EQ(world_restart.args[2], 1);
    CHECK_EQ(*((unsigned char *)mfn_to_virt(mfn(21))), 20);
    CHECK_EQ(((unsigned char *)mfn_to_virt(mfn(21)))[1], 21);

    grant_world_offer(1, 8, GTF_permit_access, 2, 9);
    grant_world_map(8, MAP, 0);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(grant_world_map(8, GNTMAP_device_map, 0).status, GNTST_okay);
    CHECK_EQ(unmap(7, 0, 9 << PAGE_SHIFT), GNTST_okay);
    world_domain(2)->state = DOMAIN_DYING;
    world_preempt_after(1);
    while (grant_release_mappings(world_domain(2)) == -ERESTART) {
        CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_reading | GTF_writing);
        grant_world_check();
        rounds++;
        world_preempt_after(rounds == 1 ? 2 : 0);
    }
    CHECK_EQ(rounds, 2);
    world_preempt_after(0);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access);
    world_domain(2)->state = DOMAIN_ALIVE;
    grant_world_end();
}

int main(void)
{
    test_faults();
    test_versions_and_counts();
    test_limits();
    test_backing_out();
    test_orphan();
    test_more_preemption();
    test_entry();
    test_maptrack();
    test_setup();
    test_map();
    test_refusals();
    test_device();
    test_replace();
    test_preemption();
    test_death();
    return check_report();
}
