/* Grants: the table is set up, a page granted to oneself is mapped and unmapped exactly as granted,
 * copied to and from, and transferred; bad references, domains, handles and addresses give the
 * ABI's status. */
#include "guest.h"

#define TABLE_VA (FREE_BASE + (1UL << 30))
#define WINDOW (FREE_BASE + (2UL << 30))

static volatile struct grant_entry_v1 *table;
static char *page;

static void set_up(void)
{
    xen_pfn_t frames[2];
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 2};
    struct gnttab_query_size query = {.dom = DOMID_SELF};
    struct gnttab_set_version version = {.version = 1};

    CHECK_EQ(grant_table_op(GNTTABOP_set_version, &version, 1), 0);
    CHECK_EQ(version.version, 1);
    CHECK_EQ(grant_table_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EQ(query.status, GNTST_okay);
    CHECK(query.max_nr_frames >= 4);
    set_xen_guest_handle(setup.frame_list, frames);
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    REQUIRE(CHECK_EQ(setup.status, GNTST_okay));
    for (unsigned i = 0; i < 2; i++)
        MUST(map_at(TABLE_VA + i * PAGE_SIZE, frames[i], PAGE_RW));
    table = (struct grant_entry_v1 *)TABLE_VA;
    CHECK_EQ(table[0].flags, 0);
    setup.nr_frames = 100000;
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_general_error);
}

static void grant(unsigned ref, unsigned flags, const void *what)
{
    table[ref].domid = 0;
    table[ref].frame = (uint32_t)va_to_mfn(what);
    asm volatile("" : : : "memory");
    table[ref].flags = (uint16_t)flags;
}

static struct gnttab_map_grant_ref map(unsigned ref, unsigned flags, unsigned long va)
{
    struct gnttab_map_grant_ref op = {.host_addr = va, .flags = flags, .ref = ref, .dom = 0};

    CHECK_EQ(grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
    return op;
}

static int unmap(unsigned long va, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = va, .handle = handle};

    CHECK_EQ(grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

static void check_map(void)
{
    struct gnttab_map_grant_ref op;

    grant(8, GTF_permit_access, page);
    op = map(8, GNTMAP_host_map, WINDOW);
    REQUIRE(CHECK_EQ(op.status, GNTST_okay));
    CHECK_EQ(op.dev_bus_addr, va_to_maddr(page));
    *(volatile char *)WINDOW = 5;
    CHECK_EQ(page[0], 5);
    CHECK_EQ(table[8].flags & (GTF_reading | GTF_writing), GTF_reading | GTF_writing);
    CHECK(unmap(WINDOW, op.handle + 1000) < 0);
    CHECK(unmap(WINDOW + PAGE_SIZE, op.handle) < 0);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
    CHECK_EQ(table[8].flags & (GTF_reading | GTF_writing), 0);
    CHECK_EQ(CATCH((void)*(volatile char *)WINDOW), TRAP_PF);
    CHECK(unmap(WINDOW, op.handle) < 0);

    /* Read-only. */
    grant(8, GTF_permit_access | GTF_readonly, page);
    CHECK(map(8, GNTMAP_host_map, WINDOW).status < 0);
    op = map(8, GNTMAP_host_map | GNTMAP_readonly, WINDOW);
    REQUIRE(CHECK_EQ(op.status, GNTST_okay));
    CHECK_EQ(CATCH(*(volatile char *)WINDOW = 1), TRAP_PF);
    CHECK_EQ(*(volatile char *)WINDOW, 5);
    /* While it is mapped to read only, others may not write either; the frame may be a table. */
    CHECK_EQ(table[8].flags & (GTF_reading | GTF_writing), GTF_reading);
    CHECK_EQ(unmap(WINDOW, op.handle), GNTST_okay);
}

static void check_pte(void)
{
    struct gnttab_map_grant_ref op;
    pte_t *entry = tables_for(WINDOW);

    grant(9, GTF_permit_access, page);
    op = map(9, GNTMAP_host_map | GNTMAP_contains_pte, va_to_maddr(entry));
    REQUIRE(CHECK_EQ(op.status, GNTST_okay));
    *(volatile char *)WINDOW = 6;
    CHECK_EQ(page[0], 6);
    CHECK_EQ(unmap(va_to_maddr(entry), op.handle), GNTST_okay);
    CHECK_EQ(CATCH((void)*(volatile char *)WINDOW), TRAP_PF);
    CHECK(map(9, GNTMAP_host_map | GNTMAP_contains_pte, va_to_maddr(entry) + 4).status < 0);
    CHECK(map(9, GNTMAP_host_map | GNTMAP_contains_pte, va_to_maddr(root_table())).status < 0);
}

static void check_bad(void)
{
    struct gnttab_map_grant_ref op = {.host_addr = WINDOW, .flags = GNTMAP_host_map, .dom = 4711};

    CHECK_EQ(grant_table_op(GNTTABOP_map_grant_ref, &op, 1), 0);
    CHECK_EQ(op.status, GNTST_bad_domain);
    CHECK_EQ(map(0xffffff, GNTMAP_host_map, WINDOW).status, GNTST_bad_gntref);
    CHECK(map(10, GNTMAP_host_map, WINDOW).status < 0);
    CHECK(map(9, 0, WINDOW).status < 0);
    /* For somebody else. */
    grant(10, GTF_permit_access, page);
    table[10].domid = 5;
    CHECK(map(10, GNTMAP_host_map, WINDOW).status < 0);
    /* A frame that is not ours to give. */
    grant(11, GTF_permit_access, page);
    table[11].frame = (uint32_t)hypervisor_mfn();
    CHECK(map(11, GNTMAP_host_map, WINDOW).status < 0);
    CHECK_EQ(table[11].flags & (GTF_reading | GTF_writing), 0);
    /* A table of ours: not to write. */
    grant(12, GTF_permit_access, (void *)start_info->pt_base);
    CHECK(map(12, GNTMAP_host_map, WINDOW).status < 0);
    CHECK_EQ(grant_table_op(GNTTABOP_map_grant_ref, (void *)0x1000, 1), -XEN_EFAULT);
    CHECK(grant_table_op(77, NULL, 1) < 0);
    CHECK_EQ(unmap(WINDOW, 0xffffffff), GNTST_bad_handle);
}

static void check_copy(void)
{
    char *from = page_alloc(), *to = page_alloc();
    struct gnttab_copy op[2] = {
        {.source.u.gmfn = va_to_mfn(from),
         .source.domid = DOMID_SELF,
         .source.offset = 16,
         .dest.u.ref = 13,
         .dest.domid = DOMID_SELF,
         .dest.offset = 100,
         .len = 50,
         .flags = GNTCOPY_dest_gref},
        {.source.u.ref = 13,
         .source.domid = DOMID_SELF,
         .dest.u.gmfn = va_to_mfn(page),
         .dest.domid = DOMID_SELF,
         .len = PAGE_SIZE,
         .flags = GNTCOPY_source_gref},
    };

    memset(from, 0x33, PAGE_SIZE);
    grant(13, GTF_permit_access, to);
    CHECK_EQ(grant_table_op(GNTTABOP_copy, op, 2), 0);
    CHECK_EQ(op[0].status, GNTST_okay);
    CHECK_EQ(op[1].status, GNTST_okay);
    CHECK_EQ(to[99] | to[150], 0);
    CHECK_EQ(to[100] & to[149], 0x33);
    CHECK_EQ(memcmp(to, page, PAGE_SIZE), 0);
    CHECK_EQ(table[13].flags & (GTF_reading | GTF_writing), 0);
    /* Over the end; to a read-only grant; to a table. */
    op[0].dest.offset = 4090;
    grant_table_op(GNTTABOP_copy, op, 1);
    CHECK_EQ(op[0].status, GNTST_bad_copy_arg);
    op[0].dest.offset = 100;
    grant(13, GTF_permit_access | GTF_readonly, to);
    grant_table_op(GNTTABOP_copy, op, 1);
    CHECK(op[0].status < 0);
    op[0].flags = 0;
    op[0].dest.u.gmfn = va_to_mfn((void *)start_info->pt_base);
    grant_table_op(GNTTABOP_copy, op, 1);
    CHECK(op[0].status < 0);
}

/* A page without mappings goes out of the guest's hands and back into them, by its own entry. */
static void check_transfer(void)
{
    char *moved = page_alloc();
    uint64_t frame = va_to_mfn(moved);
    struct gnttab_transfer op = {.mfn = frame, .domid = DOMID_SELF, .ref = 14};

    memset(moved, 0x44, PAGE_SIZE);
    grant(14, GTF_accept_transfer, page);
    CHECK_EQ(grant_table_op(GNTTABOP_transfer, &op, 1), 0);
    CHECK_EQ(op.status, GNTST_bad_page);
    MUST(update_va_mapping((unsigned long)moved, 0, UVMF_INVLPG));
    CHECK_EQ(grant_table_op(GNTTABOP_transfer, &op, 1), 0);
    REQUIRE(CHECK_EQ(op.status, GNTST_okay));
    CHECK_EQ(table[14].flags,
             GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
    CHECK_EQ(table[14].frame, frame);
    MUST(update_va_mapping((unsigned long)moved, frame << 12 | PAGE_RW, UVMF_INVLPG));
    CHECK_EQ(moved[0] & moved[PAGE_SIZE - 1], 0x44);
    CHECK_EQ(grant_table_op(GNTTABOP_transfer, (void *)8, 1), -XEN_EFAULT);
}

static void check_version(void)
{
    struct gnttab_set_version version = {.version = 3};
    struct gnttab_get_version get = {.dom = DOMID_SELF};

    CHECK(grant_table_op(GNTTABOP_set_version, &version, 1) < 0);
    CHECK_EQ(grant_table_op(GNTTABOP_get_version, &get, 1), 0);
    CHECK_EQ(get.version, 1);
}

void test(void)
{
    page = page_alloc();
    tables_for(WINDOW);
    set_up();
    check_map();
    check_pte();
    check_bad();
    check_copy();
    check_transfer();
    check_version();
}
