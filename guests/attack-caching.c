/* Memory past the caches: in advisories 154 and 402 a guest mapped its memory, or a device's, in
 * two ways at once. What it wrote past the caches was not what the hypervisor saw in them when it
 * checked a table, and came out later. What must hold: a domain without privileges maps its memory
 * write-back only: every other kind is refused with -EINVAL by each way to an entry, singly, by its
 * own store, in a fresh table, for tables at each level; and the entry stays what it was. */
#include "guest.h"

/* The kinds are numbered by three bits; at level 1 the highest is what PSE is above. */
static uint64_t kind_bits(unsigned kind)
{
    return (kind & 1 ? PTE_PWT : 0) | (kind & 2 ? PTE_PCD : 0) | (kind & 4 ? PTE_PSE : 0);
}

static void check_leaf(pte_t *leaf, mfn_t mfn, uint64_t kind)
{
    pte_t before = *leaf;

    for (unsigned writable = 0; writable < 2; writable++) {
        pte_t entry = pte_make(mfn, writable ? PAGE_RW : PAGE_RO) | kind;

        CHECK_EQ(entry_write(leaf, entry), -XEN_EINVAL);
        CHECK_EQ(mmu_update_one(va_to_maddr(leaf) | MMU_PT_UPDATE_PRESERVE_AD, entry), -XEN_EINVAL);
        CHECK_EQ(update_va_mapping(FREE_BASE, entry, UVMF_INVLPG), -XEN_EINVAL);
        if (ROOT_LEVEL == 4)
            CHECK_EQ(CATCH(*(volatile pte_t *)leaf = entry), TRAP_PF);
        CHECK_EQ(*leaf, before);
    }
}

static void check_table(mfn_t mfn, uint64_t kind)
{
    pte_t *fresh = page_alloc();

    fresh[TABLE_ENTRIES - 1] = pte_make(mfn, PAGE_RO) | kind;
    page_make_readonly(fresh);
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(fresh)), -XEN_EINVAL);
    MUST(page_protect(fresh, PAGE_RW));
}

static void check_levels(void)
{
    for (unsigned level = 2; level <= ROOT_LEVEL; level++)
        for (unsigned kind = 1; kind < 4; kind++) {
            pte_t *entry = entry_of(FREE_BASE, level), before = *entry;

            CHECK_EQ(entry_write(entry, before | kind_bits(kind)), -XEN_EINVAL);
            CHECK_EQ(*entry, before);
        }
}

void test(void)
{
    char *page;
    pte_t *leaf;

    if (!is_beside()) {
        beside_wait(20 * SECOND);
        return;
    }
    page = page_alloc();
    leaf = tables_for(FREE_BASE);
    for (unsigned kind = 1; kind < 8; kind++) {
        check_leaf(leaf, va_to_mfn(page), kind_bits(kind));
        check_table(va_to_mfn(page), kind_bits(kind));
    }
    /* The same where its page is mapped as it may be. */
    MUST(entry_write(leaf, pte_make(va_to_mfn(page), PAGE_RW)));
    for (unsigned kind = 1; kind < 8; kind++)
        check_leaf(leaf, va_to_mfn(page), kind_bits(kind));
    MUST(entry_write(leaf, 0));
    check_levels();
    /* No count was kept. */
    MUST(page_protect(page, PAGE_RO));
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(page)), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(page)), 0);
}
