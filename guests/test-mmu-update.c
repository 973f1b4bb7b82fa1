/* mmu_update: normal updates, machine-to-physical entries, accessed and dirty bits kept on request;
 * the count of elements done stops at the first bad one; bad pointers and domains are refused. */
#include "guest.h"

static char *page, *other;

static struct mmu_update normal(const pte_t *entry, pte_t value)
{
    return (struct mmu_update){.ptr = va_to_maddr(entry) | MMU_NORMAL_PT_UPDATE, .val = value};
}

static void check_normal(void)
{
    pte_t *entry = tables_for(FREE_BASE);
    pte_t *next = tables_for(FREE_BASE + PAGE_SIZE);
    struct mmu_update u[3];
    unsigned done = 99;

    u[0] = normal(entry, pte_make(va_to_mfn(page), PAGE_RW));
    u[1] = normal(next, pte_make(va_to_mfn(other), PAGE_RO));
    CHECK_EQ(mmu_update(u, 2, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 2);
    *(volatile char *)FREE_BASE = 42;
    CHECK_EQ(page[0], 42);
    CHECK_EQ(CATCH(*(volatile char *)(FREE_BASE + PAGE_SIZE) = 1), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_PRESENT | PF_WRITE);
    CHECK_EQ(pte_mfn(*entry), va_to_mfn(page));
    CHECK_EQ(*entry & PTE_RW, PTE_RW);

    /* The second is bad: one is done, and the third is not looked at. */
    u[0] = normal(entry, 0);
    u[1] = normal(next, pte_make(NO_MFN, PAGE_RW));
    u[2] = normal(next, 0);
    done = 99;
    CHECK(mmu_update(u, 3, &done, DOMID_SELF) < 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(*entry, 0);
    CHECK(*next & PTE_P);
    CHECK_EQ(mmu_update(u + 2, 1, &done, DOMID_SELF), 0);
    CHECK_EQ(mmu_update(u, 0, &done, DOMID_SELF), 0);
    /* What is not present may be anything. */
    CHECK_EQ(entry_write(entry, 0x123456789abcdef0ULL & ~PTE_P), 0);
    CHECK_EQ(entry_write(entry, 0), 0);
}

static void check_pointers(void)
{
    pte_t *entry = tables_for(FREE_BASE);
    struct mmu_update u = normal(entry, 0);
    unsigned done = 99;

    /* No table there: a page, a frame that does not exist, the middle of an entry. */
    CHECK_EQ(mmu_update_one(va_to_maddr(page), 0), 0);
    CHECK(mmu_update_one(0xffffffffff000ULL, 0) < 0);
    CHECK(mmu_update_one(va_to_maddr(entry) + 4, 0) < 0);
    CHECK_EQ(mmu_update((void *)0x1000, 1, &done, DOMID_SELF), -XEN_EFAULT);
    CHECK_EQ(mmu_update((void *)HYPERVISOR_VIRT_START, 1, &done, DOMID_SELF), -XEN_EFAULT);
    CHECK_EQ(mmu_update(&u, 1, &done, 4711), -XEN_ESRCH);
    CHECK(mmu_update(&u, 1, (unsigned *)0x1000, DOMID_SELF) <= 0);
    /* A bad frame inside a good table. */
    CHECK(entry_write(entry, pte_make(NO_MFN, PAGE_RW)) < 0);
    CHECK_EQ(*entry, 0);
}

static void check_preserve(void)
{
    pte_t *entry = tables_for(FREE_BASE);
    maddr_t at = va_to_maddr(entry);
    pte_t clean = pte_make(va_to_mfn(page), PTE_P | PTE_RW | PTE_US);

    CHECK_EQ(entry_write(entry, clean), 0);
    CHECK_EQ(*entry & (PTE_A | PTE_D), 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    *(volatile char *)FREE_BASE = 1;
    CHECK_EQ(*entry & (PTE_A | PTE_D), PTE_A | PTE_D);
    CHECK_EQ(mmu_update_one(at | MMU_PT_UPDATE_PRESERVE_AD, clean & ~PTE_RW), 0);
    CHECK_EQ(*entry & (PTE_A | PTE_D | PTE_RW), PTE_A | PTE_D);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH(*(volatile char *)FREE_BASE = 1), TRAP_PF);
    CHECK_EQ(mmu_update_one(at | MMU_NORMAL_PT_UPDATE, clean), 0);
    CHECK_EQ(*entry & (PTE_A | PTE_D), 0);
    CHECK_EQ(mmu_update_one(at, 0), 0);
}

static void check_machphys(void)
{
    mfn_t mfn = va_to_mfn(page);
    pfn_t pfn = va_to_pfn(page);

    CHECK_EQ(mmu_update_one((maddr_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0x1234), 0);
    CHECK_EQ(mfn_to_pfn(mfn), 0x1234);
    CHECK_EQ(mmu_update_one((maddr_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn), 0);
    CHECK_EQ(mfn_to_pfn(mfn), pfn);
    /* Only for frames of the domain's own. */
    CHECK(mmu_update_one(0xffffffffff000ULL | MMU_MACHPHYS_UPDATE, 1) < 0);
    CHECK(mmu_update_one(0xfee00000UL | MMU_MACHPHYS_UPDATE, 1) < 0);
}

void test(void)
{
    page = page_alloc();
    other = page_alloc();
    check_normal();
    check_pointers();
    check_preserve();
    check_machphys();
}
