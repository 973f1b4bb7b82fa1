/* A table used at two levels at once: its entries are then checked by the rules of one and walked
 * by those of the other, and a leaf's writable bit becomes a way to write a table (of this kind was
 * advisory 185). What must hold: a table is used at its own level only, and while it is one nowhere
 * else; loops through several levels, and data pages with bad contents or writers, are refused with
 * -EINVAL, and nothing is written. */
#include "guest.h"

void test(void)
{
    /* A region, and an entry of each level above nothing, which tests leave alone. */
    unsigned long va = FREE_BASE + (ROOT_LEVEL == 4 ? 2 * LEVEL_SPAN(4) : 0);
    mfn_t mfn[ROOT_LEVEL + 1];
    pte_t *free_entry[ROOT_LEVEL + 1];

    tables_for(va);
    for (unsigned level = 1; level < ROOT_LEVEL; level++)
        mfn[level] = pte_mfn(*entry_of(va, level + 1));
    mfn[ROOT_LEVEL] = va_to_mfn(root_table());
    for (unsigned level = 2; level <= ROOT_LEVEL; level++)
        free_entry[level] = entry_of(va + (level == ROOT_LEVEL ? 1 : 5) * LEVEL_SPAN(level), level);

    for (unsigned level = 2; level <= ROOT_LEVEL; level++)
        for (unsigned child = 1; child <= ROOT_LEVEL; child++) {
            uint64_t bits = level == ROOT_LEVEL ? ROOT_TABLE_BITS : TABLE_BITS;
            long result = entry_write(free_entry[level], pte_make(mfn[child], bits));

            if (child == level - 1) {
                /* The same table may hang in two places. */
                CHECK_EQ(result, 0);
                CHECK_EQ(entry_write(free_entry[level], 0), 0);
            } else {
                CHECK_REFUSED(result);
            }
            CHECK_EQ(*free_entry[level], 0);
        }
    /* A data page is no table while it is writable; when not, only if its contents are. */
    for (unsigned level = 2; level <= ROOT_LEVEL; level++) {
        uint64_t bits = level == ROOT_LEVEL ? ROOT_TABLE_BITS : TABLE_BITS;
        pte_t *page = page_alloc();

        page[0] = pte_make(hypervisor_mfn(), PAGE_RO);
        CHECK_REFUSED(entry_write(free_entry[level], pte_make(va_to_mfn(page), bits)));
        page_make_readonly(page);
        CHECK_REFUSED(entry_write(free_entry[level], pte_make(va_to_mfn(page), bits)));
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
        page[0] = 0;
        page_make_readonly(page);
        CHECK_EQ(entry_write(free_entry[level], pte_make(va_to_mfn(page), bits)), 0);
        CHECK_REFUSED(page_protect(page, PAGE_RW));
        CHECK_EQ(entry_write(free_entry[level], 0), 0);
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
    }
}
