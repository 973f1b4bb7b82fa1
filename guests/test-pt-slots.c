/* The hypervisor's part of a root is not the guest's: updates of those entries are refused, a root
 * that is pinned with something there gets the hypervisor's own entries instead, and the tables
 * below cannot be had as the guest's. */
#include "guest.h"

#define FIRST 256
#define LAST 271

void test(void)
{
    pte_t *root = root_table(), *fresh = page_alloc(), *table = page_alloc();
    pte_t l3;

    page_make_readonly(table);
    MUST(mmuext_mfn(MMUEXT_PIN_L3_TABLE, va_to_mfn(table)));
    l3 = pte_make(va_to_mfn(table), TABLE_BITS);

    for (unsigned slot = FIRST; slot <= LAST; slot++) {
        pte_t before = root[slot];

        CHECK(entry_write(&root[slot], l3) < 0);
        CHECK(entry_write(&root[slot], 0) < 0);
        CHECK(mmu_update_one(va_to_maddr(&root[slot]) | MMU_PT_UPDATE_PRESERVE_AD, l3) < 0);
        CHECK_EQ(CATCH(((volatile pte_t *)root)[slot] = l3), TRAP_PF);
        CHECK_EQ(root[slot], before);
        fresh[slot] = l3;
    }
    /* The neighbours are free. */
    CHECK_EQ(entry_write(&root[FIRST - 1], l3), 0);
    CHECK_EQ(entry_write(&root[FIRST - 1], 0), 0);
    CHECK_EQ(entry_write(&root[LAST + 1], l3), 0);
    CHECK_EQ(entry_write(&root[LAST + 1], 0), 0);

    page_make_readonly(fresh);
    if (mmuext_mfn(MMUEXT_PIN_L4_TABLE, va_to_mfn(fresh)) == 0) {
        for (unsigned slot = FIRST; slot <= LAST; slot++)
            CHECK(pte_mfn(fresh[slot]) != va_to_mfn(table));
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(fresh)), 0);
    }
    /* No reference was taken for entries that do not count. */
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)), 0);
    CHECK_EQ(page_protect(table, PAGE_RW), 0);

    /* What the root shows of the hypervisor's tables is of no use elsewhere. */
    for (unsigned slot = FIRST; slot <= LAST; slot++) {
        /* Xen has a slot there that is the root itself. */
        if (!(root[slot] & PTE_P) || pte_mfn(root[slot]) == va_to_mfn(root))
            continue;
        CHECK(entry_write(&root[FREE_SLOT + 1], root[slot] | PTE_US) < 0);
        CHECK(map_at(FREE_BASE, pte_mfn(root[slot]), PAGE_RO) < 0);
        CHECK(map_at(FREE_BASE, pte_mfn(root[slot]), PAGE_RW) < 0);
        CHECK(mmuext_mfn(MMUEXT_PIN_L3_TABLE, pte_mfn(root[slot])) < 0);
    }
    CHECK(update_va_mapping(MACH2PHYS_VIRT_START, pte_make(va_to_mfn(table), PAGE_RW), 0) < 0);
}
