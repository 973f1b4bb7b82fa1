/* The machine-to-physical array is written, named for frames that are not the caller's, and read
 * after a frame was given away (advisory 113, and stale entries that made a guest trust another
 * domain's frame). What must hold: the array is read-only, an entry changes for its frame's owner
 * only, and a frame that was given back has none. */
#include "guest.h"

static long name(mfn_t mfn, pfn_t pfn)
{
    return mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn);
}

static long reservation(unsigned op, xen_pfn_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, frame);
    return memory_op(op, &r);
}

static void check_names(void)
{
    mfn_t own = va_to_mfn(page_alloc()), other = hypervisor_mfn();
    pfn_t pfn = mfn_to_pfn(own), others = mfn_to_pfn(other);

    CHECK_EQ(name(own, 4711), 0);
    CHECK_EQ(mfn_to_pfn(own), 4711);
    CHECK_EQ(name(own, pfn), 0);
    CHECK_EQ(name(other, 4711), -XEN_EINVAL);
    CHECK_EQ(mfn_to_pfn(other), others);
    CHECK_EQ(name(0xfee00, 1), -XEN_EINVAL);
    CHECK_EQ(name(NO_MFN, 1), -XEN_EINVAL);
}

static void check_given_back(void)
{
    pfn_t pfn = spare_pfn();
    xen_pfn_t frame = pfn_to_mfn(pfn), again = pfn;

    CHECK_EQ(mfn_to_pfn(frame), pfn);
    CHECK_EQ(reservation(XENMEM_decrease_reservation, &frame), 1);
    CHECK(mfn_to_pfn(frame) > start_info->nr_pages);
    CHECK_EQ(name(frame, pfn), -XEN_EINVAL);
    CHECK(mfn_to_pfn(frame) > start_info->nr_pages);
    CHECK_EQ(map_at(FREE_BASE, frame, PAGE_RO), -XEN_EINVAL);
    CHECK_EQ(reservation(XENMEM_decrease_reservation, &frame), 0);
    CHECK_EQ(reservation(XENMEM_populate_physmap, &again), 1);
    CHECK_EQ(mfn_to_pfn(again), pfn);
}

/* Still mapped: it leaves at once, its name too, and it comes back only when it is unmapped. */
static void check_mapped(void)
{
    pfn_t pfn = spare_pfn();
    xen_pfn_t frame = pfn_to_mfn(pfn), again[64];

    MUST(map_at(FREE_BASE, frame, PAGE_RW));
    *(volatile unsigned long *)FREE_BASE = 0x1234;
    CHECK_EQ(reservation(XENMEM_decrease_reservation, &frame), 1);
    CHECK(mfn_to_pfn(frame) > start_info->nr_pages);
    for (unsigned i = 0; i < ARRAY_SIZE(again); i++) {
        again[i] = pfn;
        if (reservation(XENMEM_populate_physmap, &again[i]) == 1)
            CHECK(again[i] != frame);
    }
    CHECK_EQ(*(volatile unsigned long *)FREE_BASE, 0x1234);
    MUST(map_at(FREE_BASE, 0, 0));
    CHECK_EQ(map_at(FREE_BASE, frame, PAGE_RO), -XEN_EINVAL);
}

/* A table that is given back while it is pinned (advisory 252 was about the ends of such): it is
 * one until it is unpinned, and nobody's then. */
static void check_pinned(void)
{
    pfn_t pfn = spare_pfn();
    xen_pfn_t frame = pfn_to_mfn(pfn), again[64];

    MUST(mmuext_mfn(MMUEXT_PIN_L1_TABLE, frame));
    CHECK_EQ(reservation(XENMEM_decrease_reservation, &frame), 1);
    CHECK(mfn_to_pfn(frame) > start_info->nr_pages);
    CHECK_EQ(map_at(FREE_BASE, frame, PAGE_RW), -XEN_EINVAL);
    for (unsigned i = 0; i < ARRAY_SIZE(again); i++) {
        again[i] = pfn;
        if (reservation(XENMEM_populate_physmap, &again[i]) == 1)
            CHECK(again[i] != frame);
    }
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, frame), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, frame), -XEN_EINVAL);
    CHECK_EQ(map_at(FREE_BASE, frame, PAGE_RO), -XEN_EINVAL);
}

void test(void)
{
    volatile pfn_t *array = (volatile pfn_t *)machine_to_phys;
    pfn_t first = array[256];

    CHECK_EQ(CATCH(array[256] = 1), TRAP_PF);
    CHECK_EQ(CATCH(__atomic_fetch_add(&array[256], 0, __ATOMIC_SEQ_CST)), TRAP_PF);
    CHECK_EQ(array[256], first);
    check_names();
    check_given_back();
    check_mapped();
    check_pinned();
}
