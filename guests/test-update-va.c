/* update_va_mapping changes the leaf that maps an address, with or without a flush; addresses
 * without an L1, of the hypervisor, or not canonical are refused. */
#include "guest.h"

void test(void)
{
    char *page = page_alloc(), *other = page_alloc();
    unsigned long va = (unsigned long)page;
    pte_t other_pte = pte_make(va_to_mfn(other), PAGE_RW);
    pte_t page_pte = pte_make(va_to_mfn(page), PAGE_RW);
    unsigned long all = ~0UL, none = 0;

    page[0] = 1;
    other[0] = 2;
    CHECK_EQ(update_va_mapping(va, other_pte, UVMF_INVLPG | UVMF_LOCAL), 0);
    CHECK_EQ(*(volatile char *)page, 2);
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
    CHECK_EQ(*(volatile char *)page, 1);
    CHECK_EQ(update_va_mapping(va, other_pte, UVMF_INVLPG | UVMF_ALL), 0);
    CHECK_EQ(*(volatile char *)page, 2);
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_TLB_FLUSH | UVMF_ALL), 0);
    CHECK_EQ(*(volatile char *)page, 1);
    CHECK_EQ(update_va_mapping(va, other_pte, UVMF_INVLPG | UVMF_MULTI | (unsigned long)&all), 0);
    CHECK_EQ(*(volatile char *)page, 2);
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_TLB_FLUSH | UVMF_MULTI | (unsigned long)&all), 0);
    CHECK_EQ(*(volatile char *)page, 1);
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_INVLPG | UVMF_MULTI | (unsigned long)&none), 0);

    CHECK_EQ(update_va_mapping(va, 0, UVMF_INVLPG), 0);
    CHECK_EQ(CATCH(*(volatile char *)page), TRAP_PF);
    CHECK_EQ(last_trap.error, 0);
    CHECK_EQ(last_cr2, va);
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_NONE), 0);
    CHECK_EQ(*(volatile char *)page, 1);

    /* Nothing there to change. */
    CHECK_EQ(update_va_mapping(FREE_BASE, page_pte, 0), -XEN_EINVAL);
    CHECK_EQ(update_va_mapping(0x1000, page_pte, 0), -XEN_EINVAL);
    CHECK_EQ(update_va_mapping(HYPERVISOR_VIRT_START, page_pte, 0), -XEN_EINVAL);
    CHECK_EQ(update_va_mapping(HYPERVISOR_LAST_PAGE, page_pte, 0), -XEN_EINVAL);
    CHECK_EQ(update_va_mapping(NO_ADDRESS, page_pte, 0), -XEN_EINVAL);
    /* Frames that the domain may not map; the old mapping stays. */
    CHECK(update_va_mapping(va, pte_make(NO_MFN, PAGE_RW), 0) < 0);
    CHECK(update_va_mapping(va, pte_make(va_to_mfn((void *)start_info->pt_base), PAGE_RW), 0) < 0);
    CHECK_EQ(*(volatile char *)page, 1);
    /* The update is done even when the set of vCPUs to flush cannot be read. */
    CHECK_EQ(update_va_mapping(va, page_pte, UVMF_INVLPG | UVMF_MULTI | 0x1000), -XEN_EFAULT);
    CHECK_EQ(*(volatile char *)page, 1);
}
