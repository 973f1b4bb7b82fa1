/* TLB flush timing: in advisories 241, 286, 402 and 408 a frame took another type, or another
 * owner, while a processor could still write to it by a translation that no table had any more.
 * What must hold: no stale translation lets the guest write to a page after it became a page table:
 * each way of losing the writable mapping without asking for a flush, then the page is pinned, then
 * a write through the old address, which faults and changes nothing. */
#include "guest.h"

static pte_t *page;
static volatile pte_t *window;

static void map_and_touch(void)
{
    MUST(entry_write(entry_of(FREE_BASE, 1), pte_make(va_to_mfn(page), PAGE_RW)));
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    window[0] = 0;
    window[1] = 0;
}

/* The page is without a writable mapping as far as tables go. What it would write
 * names a frame of the hypervisor's. */
static void check_pinned_is_safe(void)
{
    int trap;

    MUST(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(page)));
    trap = CATCH(window[1] = pte_make(hypervisor_mfn(), TABLE_BITS));
    CHECK_EQ(trap, TRAP_PF);
    CHECK_EQ(page[1], 0);
    MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(page)));
}

void test(void)
{
    pte_t *leaf, *directory, saved;

    page = page_alloc();
    page_make_readonly(page);
    window = (volatile pte_t *)FREE_BASE;
    leaf = tables_for(FREE_BASE);
    directory = entry_of(FREE_BASE, 2);

    for (unsigned round = 0; round < 3; round++) {
        map_and_touch();
        MUST(entry_write(leaf, 0));
        check_pinned_is_safe();

        map_and_touch();
        MUST(entry_write(leaf, pte_make(va_to_mfn(page), PAGE_RO)));
        check_pinned_is_safe();

        map_and_touch();
        MUST(update_va_mapping(FREE_BASE, 0, UVMF_NONE));
        check_pinned_is_safe();

        map_and_touch();
        MUST(mmu_update_one(va_to_maddr(leaf) | MMU_PT_UPDATE_PRESERVE_AD,
                            pte_make(va_to_mfn(page), PAGE_RO)));
        check_pinned_is_safe();

        /* By the guest's own store. */
        map_and_touch();
        CHECK_EQ(CATCH(*(volatile pte_t *)leaf = 0), NO_TRAP);
        check_pinned_is_safe();

        /* The whole L1 goes away, with the leaf in it. */
        map_and_touch();
        saved = *directory;
        MUST(entry_write(directory, 0));
        check_pinned_is_safe();
        MUST(entry_write(directory, saved));
        MUST(entry_write(leaf, 0));
    }
}
