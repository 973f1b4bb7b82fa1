/* A table is used at its own level only, and while it is one nowhere else; loops through several
 * levels are refused. */
#include "guest.h"

void test(void)
{
    unsigned long va = FREE_BASE + (2UL << 39);
    mfn_t mfn[5];
    pte_t *free_entry[5];

    tables_for(va);
    for (unsigned level = 1; level <= 3; level++)
        mfn[level] = pte_mfn(*entry_of(va, level + 1));
    mfn[4] = va_to_mfn(root_table());
    free_entry[2] = entry_of(va + (5UL << 21), 2);
    free_entry[3] = entry_of(va + (5UL << 30), 3);
    free_entry[4] = entry_of(va + (1UL << 39), 4);

    for (unsigned level = 2; level <= 4; level++)
        for (unsigned child = 1; child <= 4; child++) {
            long result = entry_write(free_entry[level], pte_make(mfn[child], TABLE_BITS));

            if (child == level - 1) {
                /* The same table may hang in two places. */
                CHECK_EQ(result, 0);
                CHECK_EQ(entry_write(free_entry[level], 0), 0);
            } else {
                CHECK(result < 0);
            }
            CHECK_EQ(*free_entry[level], 0);
        }
    /* A data page is no table while it is writable; when not, only if its contents are. */
    for (unsigned level = 2; level <= 4; level++) {
        pte_t *page = page_alloc();

        page[0] = pte_make(hypervisor_mfn(), PAGE_RO);
        CHECK(entry_write(free_entry[level], pte_make(va_to_mfn(page), TABLE_BITS)) < 0);
        page_make_readonly(page);
        CHECK(entry_write(free_entry[level], pte_make(va_to_mfn(page), TABLE_BITS)) < 0);
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
        page[0] = 0;
        page_make_readonly(page);
        CHECK_EQ(entry_write(free_entry[level], pte_make(va_to_mfn(page), TABLE_BITS)), 0);
        CHECK(page_protect(page, PAGE_RW) < 0);
        CHECK_EQ(entry_write(free_entry[level], 0), 0);
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
    }
}
