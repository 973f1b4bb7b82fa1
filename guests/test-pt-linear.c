/* A table that maps itself or its own level gives no writable way in. Ringfort refuses all such
 * entries; Xen may allow read-only ones of the same level, which do no harm. */
#include "guest.h"

void test(void)
{
    unsigned long va = FREE_BASE + (3UL << 39);
    pte_t *table[5], *entry;

    tables_for(va);
    table[4] = root_table();
    for (unsigned level = 3; level >= 1; level--)
        table[level] = mfn_to_va(pte_mfn(*entry_of(va, level + 1)));

    for (unsigned level = 2; level <= 4; level++) {
        entry = &table[level][level == 4 ? FREE_SLOT + 1 : 17];
        /* Writable to itself. */
        CHECK(entry_write(entry, pte_make(va_to_mfn(table[level]), TABLE_BITS)) < 0);
        CHECK_EQ(*entry, 0);
        /* Read-only to itself: refused, or harmless. */
        if (!entry_write(entry, pte_make(va_to_mfn(table[level]), TABLE_BITS & ~PTE_RW))) {
            CHECK(entry_write(entry, *entry | PTE_RW) < 0);
            CHECK_EQ(*entry & PTE_RW, 0);
            CHECK_EQ(entry_write(entry, 0), 0);
        }
    }
    /* An L1 may map itself to read, not to write. */
    entry = &table[1][17];
    CHECK(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RW)) < 0);
    CHECK_EQ(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RO)), 0);
    CHECK(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RW)) < 0);
    CHECK_EQ(entry_write(entry, 0), 0);
    /* A fresh table with itself inside. */
    for (unsigned cmd = MMUEXT_PIN_L2_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++) {
        pte_t *fresh = page_alloc();

        fresh[5] = pte_make(va_to_mfn(fresh), TABLE_BITS);
        page_make_readonly(fresh);
        CHECK(mmuext_mfn(cmd, va_to_mfn(fresh)) < 0);
        CHECK_EQ(page_protect(fresh, PAGE_RW), 0);
    }
}
