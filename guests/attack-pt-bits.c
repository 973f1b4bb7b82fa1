/* Fast paths and large pages: in advisories 148, 167 and 182 a change of the bits of a present
 * entry was waved through, and a large page, or the right to write, came with it: memory of
 * everybody's. What must hold: bits that a guest may not set (PSE above L1, reserved high bits) are
 * refused at every level with -EINVAL, by each kind of update, in a fresh table too, and the entry
 * stays what it was; those that it may set stay as they are. */
#include "guest.h"

static pte_t *entries[ROOT_LEVEL + 1];

static void check_refused(unsigned level, pte_t value)
{
    pte_t before = *entries[level];

    if (!CHECK_REFUSED(entry_write(entries[level], value)))
        print("level %u: %llx accepted\n", level, (unsigned long long)value);
    CHECK_REFUSED(mmu_update_one(va_to_maddr(entries[level]) | MMU_PT_UPDATE_PRESERVE_AD, value));
    CHECK_EQ(*entries[level], before);
}

void test(void)
{
    pte_t *page = page_alloc(), *fresh = page_alloc();
    mfn_t mfn;

    tables_for(FREE_BASE);
    for (unsigned level = 1; level <= ROOT_LEVEL; level++)
        entries[level] = entry_of(FREE_BASE, level);

    /* On entries in use: the frame stays, only the bit comes. */
    for (unsigned level = 2; level <= ROOT_LEVEL; level++) {
        check_refused(level, *entries[level] | PTE_PSE);
        check_refused(level, *entries[level] | 1ULL << 51);
        check_refused(level, *entries[level] | 1ULL << 47);
    }
    check_refused(1, pte_make(va_to_mfn(page), PAGE_RW) | 1ULL << 51);
    check_refused(1, pte_make(va_to_mfn(page), PAGE_RW) | 1ULL << 46);

    /* Large pages of the guest's own memory, aligned even. */
    for (pfn_t pfn = 0; pfn < start_info->nr_pages; pfn++) {
        mfn = pfn_to_mfn(pfn);
        if (mfn % 512)
            continue;
        check_refused(2, pte_make(mfn, PAGE_RW | PTE_PSE));
        check_refused(2, pte_make(mfn, PAGE_RO | PTE_PSE));
        check_refused(3, pte_make(mfn, PAGE_RW | PTE_PSE));
        break;
    }
    CHECK_REFUSED(entry_write(entry_of(FREE_BASE + (1 << 21), 2), pte_make(0, PAGE_RO | PTE_PSE)));
    fresh[0] = pte_make(0x200, PAGE_RO | PTE_PSE);
    page_make_readonly(fresh);
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(fresh)));
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L3_TABLE, va_to_mfn(fresh)));
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L4_TABLE, va_to_mfn(fresh)));

    /* Available bits and no-execute are the guest's. */
    mfn = va_to_mfn(page);
    CHECK_EQ(entry_write(entries[1], pte_make(mfn, PAGE_RW) | 0xe00), 0);
    CHECK_EQ(*entries[1] & 0xe00, 0xe00);
    CHECK_EQ(entry_write(entries[1], pte_make(mfn, PAGE_RW) | PTE_NX), 0);
    CHECK(*entries[1] & PTE_NX);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    *(volatile uint8_t *)FREE_BASE = 0xc3;
    CHECK_EQ(CATCH(((void (*)(void))FREE_BASE)()), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_PRESENT | PF_FETCH);
    CHECK_EQ(entry_write(entries[1], pte_make(mfn, PAGE_RW)), 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH(((void (*)(void))FREE_BASE)()), NO_TRAP);
    CHECK_EQ(entry_write(entries[1], pte_make(mfn, PAGE_RW | PTE_G)), 0);
    CHECK_EQ(entry_write(entries[1], pte_make(mfn, PAGE_RO & ~(uint64_t)PTE_US)), 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH((void)*(volatile char *)FREE_BASE), NO_TRAP);
}
