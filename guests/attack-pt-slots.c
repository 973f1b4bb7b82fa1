/* The entries of a guest's tables that are the hypervisor's: 185 and 286 were ways to change them,
 * to have them in a table of one's own, or to go on with an old one. What must hold: updates of
 * those entries are refused with -EINVAL and change nothing, a root that is pinned with something
 * there gets the hypervisor's own entries instead, without a reference taken, and what is below
 * them cannot be had as the guest's. */
#include "guest.h"

/* 64 bits: entries 256 to 271 of the root. 32 bits: the end of the last level-2 table. */
#define LEVEL (ROOT_LEVEL == 4 ? 4U : 2U)
#define FIRST ((unsigned)(HYPERVISOR_VIRT_START / LEVEL_SPAN(LEVEL) % TABLE_ENTRIES))
#define LAST (ROOT_LEVEL == 4 ? 271U : 511U)
#define PIN_BELOW (ROOT_LEVEL == 4 ? MMUEXT_PIN_L3_TABLE : MMUEXT_PIN_L1_TABLE)

static void check_held(volatile pte_t *holder, pte_t below)
{
    for (unsigned slot = FIRST; slot <= LAST; slot++) {
        const pte_t *entry = (const pte_t *)&holder[slot];
        pte_t before = *entry;

        CHECK_REFUSED(entry_write(entry, below));
        CHECK_REFUSED(entry_write(entry, 0));
        CHECK_REFUSED(mmu_update_one(va_to_maddr(entry) | MMU_PT_UPDATE_PRESERVE_AD, below));
        CHECK_EQ(CATCH(holder[slot] = below), TRAP_PF);
        CHECK_EQ(*entry, before);
    }
    /* The neighbours are free. */
    CHECK_EQ(entry_write((const pte_t *)&holder[FIRST - 1], below), 0);
    CHECK_EQ(entry_write((const pte_t *)&holder[FIRST - 1], 0), 0);
    if (LAST + 1 < TABLE_ENTRIES) {
        CHECK_EQ(entry_write((const pte_t *)&holder[LAST + 1], below), 0);
        CHECK_EQ(entry_write((const pte_t *)&holder[LAST + 1], 0), 0);
    }
}

/* A root of its own, with `below` where the hypervisor's entries go. */
static void check_fresh(pte_t below)
{
    pte_t *root = page_alloc(), *holder = root;

    if (LEVEL != ROOT_LEVEL) {
        holder = page_alloc();
        root[ROOT_ENTRIES - 1] = pte_make(va_to_mfn(holder), ROOT_TABLE_BITS);
    }
    for (unsigned slot = FIRST; slot <= LAST; slot++)
        holder[slot] = below;
    page_make_readonly(root);
    if (holder != root)
        page_make_readonly(holder);
    if (mmuext_mfn(PIN_ROOT, va_to_mfn(root)) == 0) {
        for (unsigned slot = FIRST; slot <= LAST; slot++)
            CHECK(pte_mfn(holder[slot]) != pte_mfn(below));
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(root)), 0);
    }
}

void test(void)
{
    pte_t *holder, *elsewhere, *table = page_alloc();
    pte_t below = pte_make(va_to_mfn(table), TABLE_BITS);

    tables_for(FREE_BASE);
    holder = (pte_t *)((uintptr_t)entry_of(HYPERVISOR_VIRT_START, LEVEL) & ~(PAGE_SIZE - 1));
    elsewhere = entry_of(FREE_BASE + LEVEL_SPAN(LEVEL), LEVEL);
    page_make_readonly(table);
    MUST(mmuext_mfn(PIN_BELOW, va_to_mfn(table)));
    check_held(holder, below);
    check_fresh(below);
    /* No reference was taken for entries that do not count. */
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)), 0);
    CHECK_EQ(page_protect(table, PAGE_RW), 0);

    /* What the table shows of the hypervisor's is of no use elsewhere. */
    for (unsigned slot = FIRST; slot <= LAST; slot++) {
        mfn_t mfn = pte_mfn(holder[slot]);

        /* Xen has a slot there that is the root itself. */
        if (!(holder[slot] & PTE_P) || mfn == va_to_mfn(holder))
            continue;
        CHECK_REFUSED(entry_write(elsewhere, holder[slot] | PTE_US));
        CHECK_REFUSED(entry_write(elsewhere, pte_make(mfn, TABLE_BITS)));
        CHECK_REFUSED(map_at(FREE_BASE, mfn, PAGE_RO));
        CHECK_REFUSED(map_at(FREE_BASE, mfn, PAGE_RW));
        CHECK_REFUSED(mmuext_mfn(PIN_BELOW, mfn));
    }
    CHECK_REFUSED(update_va_mapping(HYPERVISOR_VIRT_START, pte_make(va_to_mfn(table), PAGE_RW), 0));
}
