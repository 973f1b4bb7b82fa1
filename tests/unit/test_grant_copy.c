/* sources: tests/host/panic.c tests/host/small_world.c tests/host/grant_world.c hypervisor/lib/spinlock.c hypervisor/grant/entry.c hypervisor/grant/maptrack.c hypervisor/grant/recount.c hypervisor/grant/table.c hypervisor/grant/use.c hypervisor/grant/setup.c hypervisor/grant/map.c hypervisor/grant/unmap.c hypervisor/grant/copy.c hypervisor/grant/transfer.c hypervisor/grant/grant_op.c hypervisor/hypercall/compat.c */
/* Grants without mappings: copies, and frames that change hands. */
#include "check.h"
#include "grant_world.h"
#include "lib/errno.h"
#include "memory/mapping.h"

static void test_copy(void)
{
    struct gnttab_copy c = {.source = {.u.ref = 8, .domid = 1, .offset = 100},
                            .dest = {.u.gmfn = 20, .domid = DOMID_SELF, .offset = 4000},
                            .len = 96,
                            .flags = GNTCOPY_source_gref};
    const unsigned char *to;

    grant_world_reset(2);
    to = mfn_to_virt(mfn(20));
    grant_world_offer(1, 8, GTF_permit_access | GTF_readonly, 2, 9);
    world_run(2, 0);
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_okay);
    CHECK_EQ(to[3999], 20);
    CHECK_EQ(to[4000], 9);
    CHECK_EQ(to[4095], 9);
    CHECK_EQ(grant_world_flags(1, 8), GTF_permit_access | GTF_readonly);

    c.len = 97;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_copy_arg);
    c.len = 96;
    c.dest.u.gmfn = 9;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_page);
    c.dest = (struct gnttab_copy_ptr){.u.ref = 8, .domid = 1};
    c.flags |= GNTCOPY_dest_gref;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_permission_denied);
    c.dest = (struct gnttab_copy_ptr){.u.gmfn = 9, .domid = 1};
    c.flags = GNTCOPY_source_gref;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_permission_denied);
    CHECK(grant_world_make_table(20));
    c.dest = (struct gnttab_copy_ptr){.u.gmfn = 20, .domid = 2};
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_page);

    /* From past the page's end; a frame that is another domain's, or none; nobody's. */
    c.dest = (struct gnttab_copy_ptr){.u.gmfn = 21, .domid = DOMID_SELF};
    c.source.offset = PAGE_SIZE - 95;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_copy_arg);
    c.source = (struct gnttab_copy_ptr){.u.gmfn = 9, .domid = DOMID_SELF};
    c.flags = 0;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_page);
    c.source.u.gmfn = WORLD_FRAMES;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_page);
    c.source.domid = WORLD_DOMAINS;
    CHECK_EQ(grant_world_op(GNTTABOP_copy, &c, 1), 0);
    CHECK_EQ(c.status, GNTST_bad_domain);
    CHECK_EQ(((const unsigned char *)mfn_to_virt(mfn(21)))[0], 21);
    grant_world_end();
}

/* d`from` transfers a frame into entry `ref` of d`to`. */
static int transfer(unsigned from, uint32_t frame, domid_t to, uint32_t ref)
{
    struct gnttab_transfer t = {.mfn = frame, .domid = to, .ref = ref, .status = 77};

    world_run(from, 0);
    CHECK_EQ(grant_world_op(GNTTABOP_transfer, &t, 1), 0);
    return t.status;
}

static void test_transfer(void)
{
    const uint16_t done = GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed;
    const unsigned char *in;

    grant_world_reset(2);
    in = mfn_to_virt(mfn(17));
    grant_world_offer(1, 8, GTF_accept_transfer, 2, 5);
    CHECK_EQ(transfer(2, 17, 1, 8), GNTST_okay);
    CHECK_EQ(grant_world_flags(1, 8), done);
    CHECK_EQ(grant_world_frame(1, 8), 17);
    CHECK_EQ(in[0], 17);
    /* The old owner has it no more; the new one may pass it on, to itself too. */
    grant_world_offer(1, 9, GTF_accept_transfer, 2, 0);
    CHECK_EQ(transfer(2, 17, 1, 9), GNTST_bad_page);
    CHECK_EQ(grant_world_flags(1, 9), GTF_accept_transfer);
    grant_world_offer(1, 10, GTF_accept_transfer, 1, 0);
    CHECK_EQ(transfer(1, 17, DOMID_SELF, 10), GNTST_okay);
    CHECK_EQ(grant_world_frame(1, 10), 17);
    grant_world_end();
}

/* What cannot be given stays; what nobody takes is freed. */
static void test_transfer_refusals(void)
{
    grant_world_reset(2);
    CHECK_EQ(grant_world_op(GNTTABOP_transfer, NULL, 1), -EFAULT);
    grant_world_offer(1, 8, GTF_accept_transfer, 2, 0);
    CHECK_EQ(transfer(2, WORLD_FRAMES, 1, 8), GNTST_bad_page);
    CHECK_EQ(transfer(2, 9, 1, 8), GNTST_bad_page);
    CHECK(grant_world_make_table(16));
    CHECK_EQ(transfer(2, 16, 1, 8), GNTST_bad_page);
    grant_world_offer(2, 8, GTF_permit_access, 1, 17);
    world_run(1, 0);
    CHECK_EQ(grant_world_op(
                 GNTTABOP_map_grant_ref,
                 &(struct gnttab_map_grant_ref){
                     .ref = 8, .dom = 2, .flags = GNTMAP_host_map, .host_addr = grant_world_va(0)},
                 1),
             0);
    CHECK_EQ(transfer(2, 17, 1, 8), GNTST_bad_page);
    CHECK_EQ(grant_world_flags(1, 8), GTF_accept_transfer);
    CHECK(!grant_world_is_free(16) && !grant_world_is_free(17));

    CHECK_EQ(transfer(2, 18, 7, 8), GNTST_bad_domain);
    CHECK_EQ(transfer(2, 19, 1, 100000), GNTST_bad_gntref);
    CHECK_EQ(transfer(0, 1, 1, 8), GNTST_permission_denied);
    grant_world_offer(1, 9, GTF_permit_access, 2, 9);
    CHECK_EQ(transfer(2, 20, 1, 9), GNTST_bad_gntref);
    CHECK(grant_world_map(9, GNTMAP_host_map, 1).status == GNTST_okay);
    grant_world_offer(1, 9, GTF_accept_transfer, 2, 9);
    CHECK_EQ(transfer(2, 21, 1, 9), GNTST_general_error);
    for (uint32_t frame = 18; frame < 22; frame++)
        CHECK(grant_world_is_free(frame));

    /* Full; and beyond what a 32-bit guest can have. */
    world_domain(1)->tot_pages = world_domain(1)->max_pages = 8;
    CHECK_EQ(transfer(2, 22, 1, 8), GNTST_general_error);
    CHECK_EQ(grant_world_flags(1, 8), GTF_accept_transfer);
    world_domain(1)->max_pages = 9;
    world_domain(1)->address_bits = PAGE_SHIFT + 4;
    CHECK_EQ(transfer(2, 23, 1, 8), GNTST_address_too_big);
    grant_world_offer(1, 8, GTF_accept_transfer, 0, 0);
    CHECK_EQ(transfer(0, 2, 1, 8), GNTST_okay);
    CHECK(grant_world_is_free(22) && grant_world_is_free(23));
    grant_world_end();
}

int main(void)
{
    test_copy();
    test_transfer();
    test_transfer_refusals();
    return check_report();
}
