/* A domain without privileges tries every frame of the machine: it maps each, to read and to write,
 * makes each a table, names each in the machine-to-physical array, copies and clears each. In
 * advisories such as 29, 212 and 286 one frame of somebody else's was enough. What must hold: only
 * those that the domain was given are accepted, all others refused with -EINVAL. */
#include "guest.h"

#define MACHINE_FRAMES 0x10000U /* 256 MiB */

static xen_pfn_t grant_frame;

static bool is_own(mfn_t mfn)
{
    pfn_t pfn = mfn_to_pfn(mfn);

    return mfn == start_info->shared_info >> PAGE_SHIFT || mfn == grant_frame ||
           (pfn < start_info->nr_pages && pfn_to_mfn(pfn) == mfn);
}

static void grant_frame_find(void)
{
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

    set_xen_guest_handle(setup.frame_list, &grant_frame);
    MUST(grant_table_op(GNTTABOP_setup_table, &setup, 1));
}

static unsigned try(pte_t *leaf, mfn_t page, mfn_t mfn)
{
    struct mmuext_op clear = {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = mfn};
    struct mmuext_op copy = {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = page, .arg2.src_mfn = mfn};
    unsigned accepted = 0;

    accepted += entry_write(leaf, pte_make(mfn, PAGE_RO)) != -XEN_EINVAL;
    accepted += entry_write(leaf, pte_make(mfn, PAGE_RW)) != -XEN_EINVAL;
    accepted += mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn) != -XEN_EINVAL;
    accepted += mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn) != -XEN_EINVAL;
    accepted += mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0) != -XEN_EINVAL;
    accepted +=
        mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_NORMAL_PT_UPDATE, 0) != -XEN_EINVAL;
    accepted += mmuext_op(&clear, 1, NULL, DOMID_SELF) != -XEN_EINVAL;
    accepted += mmuext_op(&copy, 1, NULL, DOMID_SELF) != -XEN_EINVAL;
    return accepted;
}

void test(void)
{
    unsigned tried = 0, accepted = 0;
    pte_t *leaf;
    mfn_t page;

    if (!is_beside()) {
        beside_wait(60 * SECOND);
        return;
    }
    grant_frame_find();
    leaf = tables_for(FREE_BASE);
    page = va_to_mfn(page_alloc());
    for (mfn_t mfn = 0; mfn < MACHINE_FRAMES; mfn++) {
        if (is_own(mfn))
            continue;
        tried++;
        if (try(leaf, page, mfn) && accepted++ < 10)
            print("frame %lx was let in\n", mfn);
    }
    print("%u frames tried\n", tried);
    CHECK(tried > MACHINE_FRAMES / 2);
    CHECK_EQ(accepted, 0);
    CHECK_EQ(*leaf, 0);
}
