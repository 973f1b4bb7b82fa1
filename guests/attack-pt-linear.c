/* Linear page tables, that map themselves: allowed read-only by some, they were the way to
 * recursion without end when they were taken apart (240), to a top-level table that could be
 * written (185), to counts that did not come out (309), and to translations that no flush reached
 * (286). What must hold: a table that maps itself or its own level gives no writable way in:
 * -EINVAL, nothing written. Ringfort refuses all such entries; Xen may allow read-only ones of the
 * same level, which do no harm. */
#include "guest.h"

void test(void)
{
    unsigned long va = FREE_BASE + (ROOT_LEVEL == 4 ? 3 * LEVEL_SPAN(4) : 0);
    pte_t *table[ROOT_LEVEL + 1], *entry;

    tables_for(va);
    table[ROOT_LEVEL] = root_table();
    for (unsigned level = ROOT_LEVEL - 1; level >= 1; level--)
        table[level] = mfn_to_va(pte_mfn(*entry_of(va, level + 1)));

    for (unsigned level = 2; level <= ROOT_LEVEL; level++) {
        uint64_t bits = level == ROOT_LEVEL ? ROOT_TABLE_BITS : TABLE_BITS;

        entry = &table[level][level == ROOT_LEVEL ? FREE_SLOT + 1 : 17];
        /* Writable to itself. */
        CHECK_REFUSED(entry_write(entry, pte_make(va_to_mfn(table[level]), bits)));
        CHECK_EQ(*entry, 0);
        /* Read-only to itself: refused, or harmless. */
        if (!entry_write(entry, pte_make(va_to_mfn(table[level]), bits & ~PTE_RW))) {
            CHECK_REFUSED(entry_write(entry, *entry | PTE_RW));
            CHECK_EQ(*entry & PTE_RW, 0);
            CHECK_EQ(entry_write(entry, 0), 0);
        }
    }
    /* An L1 may map itself to read, not to write. */
    entry = &table[1][17];
    CHECK_REFUSED(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RW)));
    CHECK_EQ(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RO)), 0);
    CHECK_REFUSED(entry_write(entry, pte_make(va_to_mfn(table[1]), PAGE_RW)));
    CHECK_EQ(entry_write(entry, 0), 0);
    /* A fresh table with itself inside. */
    for (unsigned cmd = MMUEXT_PIN_L2_TABLE; cmd <= PIN_ROOT; cmd++) {
        pte_t *fresh = page_alloc();

        fresh[5] = pte_make(va_to_mfn(fresh), TABLE_BITS);
        page_make_readonly(fresh);
        CHECK_REFUSED(mmuext_mfn(cmd, va_to_mfn(fresh)));
        CHECK_EQ(page_protect(fresh, PAGE_RW), 0);
    }
}
