/* The library's balloon: frames that are given back are gone from the domain's count and from the
 * machine-to-physical array; as many come again, under the same PFNs, and empty. */
#include "guest.h"

#define PAGES 300

static long reservation(void)
{
    domid_t self = DOMID_SELF;

    return memory_op(XENMEM_current_reservation, &self);
}

void test(void)
{
    pfn_t first = spare_pfn() + 1, wrong = 0;
    mfn_t gone = pfn_to_mfn(first);
    long before = reservation();

    MUST(map_at(FREE_BASE, gone, PAGE_RW));
    *(volatile unsigned *)FREE_BASE = 1;
    MUST(entry_write(entry_of(FREE_BASE, 1), 0));
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(balloon_inflate(PAGES), PAGES);
    CHECK_EQ(reservation(), before - PAGES);
    CHECK(map_at(FREE_BASE, gone, PAGE_RW) < 0);
    CHECK_EQ(pfn_to_mfn(first), ~0UL);
    CHECK_EQ(balloon_deflate(PAGES + 1), PAGES);
    CHECK_EQ(reservation(), before);
    for (pfn_t pfn = first; pfn < first + PAGES; pfn++)
        wrong += mfn_to_pfn(pfn_to_mfn(pfn)) != pfn;
    CHECK_EQ(wrong, 0);
    MUST(map_at(FREE_BASE, pfn_to_mfn(first), PAGE_RW));
    CHECK_EQ(*(volatile unsigned *)FREE_BASE, 0);
}
