/* Calls that fail half-way, and keep a reference or drop one too many (advisories 58, 113, 242,
 * 438): a page that never becomes free, or one that is free while somebody uses it. What must hold:
 * after each failure the page can still become anything, so that it was counted back exactly; an
 * entry that was to be replaced by a bad one keeps its own reference, and only that. */
#include "guest.h"

static pte_t *victim, *table;

/* The victim is read-only mapped and otherwise unused: every type can be had and given back. */
static void check_free(int line)
{
    unsigned bad = 0;
    xen_pfn_t frame = va_to_mfn(victim);

    page_make_readonly(victim);
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= PIN_EMPTY_LAST; cmd++) {
        bad += mmuext_mfn(cmd, frame) != 0;
        bad += mmuext_mfn(MMUEXT_UNPIN_TABLE, frame) != 0;
        bad += page_protect(victim, PAGE_RW) != 0;
        memset(victim, 0, PAGE_SIZE);
        bad += page_protect(victim, PAGE_RO) != 0;
    }
    bad += set_gdt(&frame, 512) != 0;
    bad += set_gdt(NULL, 0) != 0;
    if (bad)
        print("line %d: the victim is in use\n", line);
    CHECK_EQ(bad, 0);
}

/* Fills the table, ends it with a bad entry and tries it as this. */
static void check_bad_last(unsigned pin, pte_t good, pte_t bad)
{
    MUST(page_protect(table, PAGE_RW));
    memset(table, 0, PAGE_SIZE);
    for (unsigned i = 0; i < 255; i++)
        table[i] = good;
    table[511] = bad;
    page_make_readonly(table);
    CHECK_REFUSED(mmuext_mfn(pin, va_to_mfn(table)));
    CHECK_REFUSED(
        entry_write(entry_of(FREE_BASE + (1 << 21), 2), pte_make(va_to_mfn(table), TABLE_BITS)));
    check_free(__LINE__);
}

void test(void)
{
    pte_t foreign = pte_make(hypervisor_mfn(), PAGE_RW);
    pte_t *leaf = tables_for(FREE_BASE);

    victim = page_alloc();
    table = page_alloc();
    page_make_readonly(victim);
    page_make_readonly(table);
    check_free(__LINE__);

    check_bad_last(MMUEXT_PIN_L1_TABLE, pte_make(va_to_mfn(victim), PAGE_RO), foreign);
    MUST(page_protect(victim, PAGE_RW));
    check_bad_last(MMUEXT_PIN_L1_TABLE, pte_make(va_to_mfn(victim), PAGE_RW), foreign);
    page_make_readonly(victim);
    for (unsigned pin = MMUEXT_PIN_L2_TABLE; pin <= MMUEXT_PIN_L4_TABLE; pin++)
        check_bad_last(pin, pte_make(va_to_mfn(victim), TABLE_BITS), foreign);

    /* Replacing an entry by a bad one keeps the old one's reference, and only that. */
    MUST(entry_write(leaf, pte_make(va_to_mfn(victim), PAGE_RO)));
    CHECK_REFUSED(entry_write(leaf, foreign));
    CHECK_EQ(pte_mfn(*leaf), va_to_mfn(victim));
    MUST(entry_write(leaf, pte_make(va_to_mfn(victim), PAGE_RW)));
    CHECK_REFUSED(entry_write(leaf, foreign));
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(victim)));
    MUST(entry_write(leaf, 0));
    check_free(__LINE__);

    /* Many references through one table: all are dropped with it. */
    MUST(page_protect(table, PAGE_RW));
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        table[i] = pte_make(va_to_mfn(victim), PAGE_RW);
    page_make_readonly(table);
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(table)), 0);
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(victim)));
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)), 0);
    check_free(__LINE__);

    /* Bad base pointers, LDTs and user tables. */
    MUST(page_protect(victim, PAGE_RW));
    victim[0] = foreign;
    page_make_readonly(victim);
    CHECK_REFUSED(mmuext_mfn(MMUEXT_NEW_BASEPTR, va_to_mfn(victim)));
    /* A 32-bit kernel has one root for both modes. */
    CHECK_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(victim)),
             ROOT_LEVEL == 4 ? -XEN_EINVAL : -XEN_EOPNOTSUPP);
    MUST(page_protect(victim, PAGE_RW));
    victim[0] = 0;
    page_make_readonly(victim);
    check_free(__LINE__);
}
