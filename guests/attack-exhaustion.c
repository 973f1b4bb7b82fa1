/* A domain takes all that it can have of everything: memory, ports, grant frames and mappings,
 * timers; and sends events without end (advisories 47, 133, 149: what one domain used up, others
 * lacked). What must hold: it is stopped by its own limits with the ABI's errors, and Domain0 has
 * what it had, and gets its work done meanwhile. */
#include "guest.h"

struct shared {
    uint32_t port, exhausted, done;
};

static volatile struct shared *s;

static void take_memory(void)
{
    static xen_pfn_t frames[64];
    struct xen_memory_reservation r = {.nr_extents = 64, .domid = DOMID_SELF};
    domid_t self = DOMID_SELF;
    long before = memory_op(XENMEM_current_reservation, &self);

    set_xen_guest_handle(r.extent_start, frames);
    CHECK_EQ(memory_op(XENMEM_increase_reservation, &r), 0);
    CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), 0);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), before);
}

static void take_grants(void)
{
    static xen_pfn_t frames[4096];
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_setup_table setup = {.dom = DOMID_SELF};
    struct gnttab_map_grant_ref map = {.flags = GNTMAP_host_map | GNTMAP_readonly,
                                       .dom = BESIDE_DOMAIN};
    unsigned maps = 0;

    MUST(grant_table_op(GNTTABOP_query_size, &size, 1));
    setup.nr_frames = size.max_nr_frames + 1;
    set_xen_guest_handle(setup.frame_list, frames);
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_general_error);
    setup.nr_frames = size.max_nr_frames;
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_okay);
    map.ref = grant_give(BESIDE_DOMAIN, va_to_mfn(page_alloc()), GTF_readonly);
    tables_for(FREE_BASE);
    do {
        map.host_addr = FREE_BASE + (maps % 512) * PAGE_SIZE;
        MUST(entry_write(entry_of(map.host_addr, 1), 0));
        MUST(grant_table_op(GNTTABOP_map_grant_ref, &map, 1));
    } while (!map.status && ++maps < 1U << 17);
    CHECK(maps < 1U << 17);
    CHECK_EQ(map.status, GNTST_no_device_space);
}

static void take_ports(void)
{
    long port;

    while ((port = event_alloc_unbound(DOMID_SELF, 0)) > 0)
        continue;
    CHECK_EQ(port, -XEN_ENOSPC);
}

static void taker(void)
{
    long port;

    REQUIRE(beside_reach(&s->port, 1, 20 * SECOND));
    port = event_bind_interdomain(0, s->port);
    REQUIRE(port > 0);
    take_memory();
    take_grants();
    take_ports();
    s->exhausted = 1;
    /* A storm, until Domain0 has had enough. */
    while (!s->done)
        event_send((unsigned)port);
}

static void check_own(void)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
    xen_pfn_t frame = pfn_to_mfn(spare_pfn());
    long port = event_bind_ipi(0);

    CHECK(port > 0);
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[port], 1);
    set_xen_guest_handle(r.extent_start, &frame);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    CHECK_EQ(memory_op(XENMEM_increase_reservation, &r), 1);
}

void test(void)
{
    uint64_t begin;
    unsigned work = 0;

    s = beside_page();
    if (is_beside()) {
        taker();
        return;
    }
    s->port = (uint32_t)event_alloc_unbound(DOMID_SELF, BESIDE_DOMAIN);
    event_enable();
    REQUIRE(beside_reach(&s->exhausted, 1, 60 * SECOND));
    check_own();
    for (begin = now(); now() - begin < SECOND;)
        work += xen_version(XENVER_pagesize, NULL) == PAGE_SIZE;
    print("%u events, %u calls of Domain0's own\n", event_count[s->port], work);
    CHECK(event_count[s->port] > 0);
    CHECK(work > 1000);
    s->done = 1;
    beside_wait(20 * SECOND);
    CHECK_EQ(event_close(s->port), 0);
}
