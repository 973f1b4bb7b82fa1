/* The owner of a granted page takes it back while another domain uses it, and the user does with it
 * what only an owner may (advisories 218, 224, 234, 380). What must hold: the page stays what it is
 * until the last mapping is gone, even when its owner gives it away or ends; the mapping gives the
 * user no other right, goes away once, and leaves no count behind. */
#include "guest.h"

#define WINDOW (FREE_BASE + (4UL << 21))
#define LONG_TIME (20 * SECOND)

struct shared {
    uint32_t granter, mapper;                /* how far each has come */
    uint32_t written, readonly, given, info; /* references */
};

static volatile struct shared *s;

static long release(mfn_t mfn)
{
    xen_pfn_t frame = mfn;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &frame);
    return memory_op(XENMEM_decrease_reservation, &r);
}

static void granter(void)
{
    char *page = page_alloc(), *given = page_alloc();
    pte_t *table = page_alloc();
    mfn_t given_mfn = va_to_mfn(given);
    struct gnttab_transfer transfer = {.mfn = va_to_mfn(page), .domid = 0, .ref = 1};

    page[0] = given[0] = 11;
    s->written = grant_give(0, va_to_mfn(page), 0);
    s->readonly = grant_give(0, va_to_mfn(table), GTF_readonly);
    s->given = grant_give(0, given_mfn, 0);
    s->info = grant_give(0, start_info->shared_info >> PAGE_SHIFT, 0);
    s->granter = 1;
    REQUIRE(beside_reach(&s->mapper, 1, LONG_TIME));

    CHECK(!grant_end(s->written));
    MUST(page_protect(page, PAGE_RO));
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(page)), -XEN_EINVAL);
    MUST(page_protect(page, 0));
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(page)), -XEN_EINVAL);
    CHECK_EQ(frame_exchange(va_to_mfn(page)), -XEN_EINVAL);
    MUST(grant_table_op(GNTTABOP_transfer, &transfer, 1));
    CHECK_EQ(transfer.status, GNTST_bad_page);
    /* The entry now says something else; what was mapped does not change by that. */
    grant_table[s->written].frame = (uint32_t)va_to_mfn(table);
    grant_table[s->written].domid = DOMID_SELF;
    /* Nobody can write it, so that it may be a table. */
    MUST(page_protect(table, PAGE_RO));
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(table)), 0);
    MUST(page_protect(given, 0));
    CHECK_EQ(release(given_mfn), 1);
    CHECK_EQ(release(given_mfn), 0);
    s->granter = 2;
    REQUIRE(beside_reach(&s->mapper, 2, LONG_TIME));
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)), 0);
    MUST(page_protect(page, PAGE_RW));
    CHECK_EQ(page[0], 12);
}

static struct gnttab_map_grant_ref map(unsigned ref, unsigned flags, unsigned n)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = WINDOW + n * PAGE_SIZE, .flags = flags, .ref = ref, .dom = BESIDE_DOMAIN};

    MUST(grant_table_op(GNTTABOP_map_grant_ref, &op, 1));
    return op;
}

static int unmap(unsigned n, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = WINDOW + n * PAGE_SIZE, .handle = handle};

    MUST(grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1));
    return op.status;
}

/* A foreign frame by any call but the grant's own. */
static void misuse(mfn_t mfn)
{
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn), -XEN_EINVAL);
    CHECK_EQ(mmuext_mfn(MMUEXT_CLEAR_PAGE, mfn), -XEN_EINVAL);
    CHECK_EQ(map_at(WINDOW + 8 * PAGE_SIZE, mfn, PAGE_RO), -XEN_EINVAL);
    CHECK_EQ(mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 5), -XEN_EINVAL);
    CHECK_EQ(release(mfn), 0);
    CHECK_EQ(frame_exchange(mfn), -XEN_EINVAL);
}

/* Takes the granter apart. Its structure stays as long as pages of it are mapped, and to ask again
 * changes nothing. */
static long destroy(void)
{
    struct xen_domctl op;

    return domctl(&op, XEN_DOMCTL_destroydomain, BESIDE_DOMAIN);
}

static void mapper(void)
{
    struct gnttab_map_grant_ref w, r, g;
    pte_t *leaf = tables_for(WINDOW);

    REQUIRE(beside_reach(&s->granter, 1, LONG_TIME));
    w = map(s->written, GNTMAP_host_map, 0);
    REQUIRE(CHECK_EQ(w.status, GNTST_okay));
    CHECK_EQ(map(s->readonly, GNTMAP_host_map, 1).status, GNTST_permission_denied);
    r = map(s->readonly, GNTMAP_host_map | GNTMAP_readonly, 1);
    REQUIRE(CHECK_EQ(r.status, GNTST_okay));
    g = map(s->given, GNTMAP_host_map, 2);
    REQUIRE(CHECK_EQ(g.status, GNTST_okay));
    /* A page that Ringfort shares with the granter would not keep it until it is unmapped. */
    CHECK_EQ(map(s->info, GNTMAP_host_map, 3).status, GNTST_bad_page);
    CHECK_EQ(map(s->info, GNTMAP_host_map | GNTMAP_readonly, 3).status, GNTST_bad_page);
    misuse((mfn_t)(w.dev_bus_addr >> PAGE_SHIFT));
    /* No right is added to what was mapped. */
    CHECK_EQ(entry_write(leaf + 1, leaf[1] | PTE_RW), -XEN_EINVAL);
    CHECK_EQ(CATCH(*(volatile char *)(WINDOW + PAGE_SIZE) = 1), TRAP_PF);
    s->mapper = 1;
    REQUIRE(beside_reach(&s->granter, 2, LONG_TIME));

    *(volatile char *)WINDOW = 12;
    CHECK_EQ(*(volatile char *)(WINDOW + 2 * PAGE_SIZE), 11);
    CHECK_EQ(unmap(2, w.handle), GNTST_bad_virt_addr);
    CHECK_EQ(unmap(0, w.handle), GNTST_okay);
    CHECK_EQ(unmap(0, w.handle), GNTST_bad_handle);
    CHECK_EQ(unmap(1, r.handle), GNTST_okay);
    /* Its entry has changed in the meantime. */
    CHECK_EQ(map(s->written, GNTMAP_host_map, 0).status, GNTST_permission_denied);
    s->mapper = 2;
    beside_wait(LONG_TIME);
    CHECK_EQ(destroy(), 0);
    CHECK_EQ(destroy(), 0);
    CHECK_EQ(destroy(), 0);
    /* Its owner is gone. */
    CHECK_EQ(*(volatile char *)(WINDOW + 2 * PAGE_SIZE), 11);
    CHECK_EQ(unmap(2, g.handle), GNTST_okay);
    CHECK_EQ(CATCH((void)*(volatile char *)(WINDOW + 2 * PAGE_SIZE)), TRAP_PF);
}

void test(void)
{
    s = beside_page();
    if (is_beside())
        granter();
    else
        mapper();
}
