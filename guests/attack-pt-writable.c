/* A writable mapping of what the hypervisor relies on: with it a guest writes its own page tables
 * or descriptors, and owns the machine; most of the ways to break out led here (advisories 148,
 * 182, 212 and 213 among them). What must hold: no page that the hypervisor relies on gets one:
 * page tables of each level in use or pinned, the GDT's page; neither by hypercall nor by a store
 * nor through a new table that has such an entry, nor through a read-only mapping turned writable.
 * Each way ends with -EINVAL or a fault, and the entry stays what it was. */
#include "guest.h"

static pte_t *l1;

/* All the ways to a writable leaf for `mfn`. */
static void check_protected(mfn_t mfn, const char *what)
{
    static pte_t *fresh;
    pte_t *entry = tables_for(FREE_BASE), *directory = entry_of(FREE_BASE + (1 << 21), 2);
    pte_t pte = pte_make(mfn, PAGE_RW);
    unsigned bad = 0;

    bad += !is_refusal(entry_write(entry, pte));
    bad += !is_refusal(update_va_mapping(FREE_BASE, pte, UVMF_INVLPG));
    bad += !is_refusal(mmu_update_one(va_to_maddr(entry) | MMU_PT_UPDATE_PRESERVE_AD, pte));
    bad += *entry != 0;
    /* Read-only is allowed, the write bit cannot be had later. */
    bad += entry_write(entry, pte & ~PTE_RW) != 0;
    bad += !is_refusal(entry_write(entry, pte));
    bad += !is_refusal(mmu_update_one(va_to_maddr(entry) | MMU_PT_UPDATE_PRESERVE_AD, pte));
    bad += CATCH(*(volatile pte_t *)entry = pte) != TRAP_PF;
    bad += (*entry & PTE_RW) != 0;
    bad += entry_write(entry, 0) != 0;
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    /* A new table with the entry in it: not to be pinned, not to be hung into the tree. */
    if (!fresh)
        fresh = page_alloc();
    MUST(page_protect(fresh, PAGE_RW));
    fresh[7] = pte;
    page_make_readonly(fresh);
    bad += !is_refusal(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(fresh)));
    bad += !is_refusal(entry_write(directory, pte_make(va_to_mfn(fresh), TABLE_BITS)));
    bad += !is_refusal(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(fresh)));
    MUST(page_protect(fresh, PAGE_RW));
    if (bad)
        print("%s: %u ways in\n", what, bad);
    CHECK_EQ(bad, 0);
}

void test(void)
{
    char *pinned = page_alloc(), *gdt = page_alloc();
    xen_pfn_t frame;

    l1 = tables_for(FREE_BASE);
    for (unsigned level = 2; level <= ROOT_LEVEL; level++)
        check_protected(pte_mfn(*entry_of(VIRT_BASE, level)), "table in use");
    check_protected(va_to_mfn(root_table()), "root");
    check_protected(va_to_mfn(l1), "the table that maps it");

    page_make_readonly(pinned);
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= PIN_EMPTY_LAST; cmd++) {
        MUST(mmuext_mfn(cmd, va_to_mfn(pinned)));
        check_protected(va_to_mfn(pinned), "pinned table");
        MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(pinned)));
        MUST(page_protect(pinned, PAGE_RW));
        memset(pinned, 0, PAGE_SIZE);
        page_make_readonly(pinned);
    }

    page_make_readonly(gdt);
    frame = va_to_mfn(gdt);
    MUST(set_gdt(&frame, 512));
    check_protected(frame, "GDT");
    MUST(set_gdt(NULL, 0));

    /* And the other way round: a page with a writable mapping becomes nothing else. */
    CHECK_EQ(page_protect(gdt, PAGE_RW), 0);
    CHECK_REFUSED(set_gdt(&frame, 512));
    for (unsigned cmd = MMUEXT_PIN_L1_TABLE; cmd <= MMUEXT_PIN_L4_TABLE; cmd++)
        CHECK_REFUSED(mmuext_mfn(cmd, frame));
    CHECK_REFUSED(entry_write(entry_of(FREE_BASE + (1 << 21), 2), pte_make(frame, TABLE_BITS)));
}
