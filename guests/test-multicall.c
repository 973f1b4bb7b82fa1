/* multicall runs its entries in order and gives each its own result; one that fails does not stop
 * the others; a multicall inside is refused; the list must be there. */
#include "guest.h"

#define CALL(number, ...)                                                                          \
    ((struct multicall_entry){.op = (number), .result = 99, .args = {__VA_ARGS__}})

void test(void)
{
    char *page = page_alloc();
    pte_t rw = pte_make(va_to_mfn(page), PAGE_RW);
    struct multicall_entry list[] = {
        CALL(__HYPERVISOR_xen_version, XENVER_pagesize, 0),
        CALL(__HYPERVISOR_update_va_mapping, (unsigned long)page, PTE_ARGUMENT((pte_t)0),
             UVMF_INVLPG),
        CALL(63),
        CALL(__HYPERVISOR_update_va_mapping, 0x1000, PTE_ARGUMENT(rw), 0),
        CALL(__HYPERVISOR_multicall, 0, 0),
        CALL(__HYPERVISOR_sched_op, SCHEDOP_yield, 0),
        CALL(__HYPERVISOR_update_va_mapping, (unsigned long)page, PTE_ARGUMENT(rw), UVMF_INVLPG),
        CALL(~0UL),
    };
    static struct multicall_entry many[300];

    CHECK_EQ(multicall(list, 8), 0);
    CHECK_EQ(list[0].result, PAGE_SIZE);
    CHECK_EQ(list[1].result, 0);
    CHECK_EQ(list[2].result, -XEN_ENOSYS);
    CHECK_EQ(list[3].result, -XEN_EINVAL);
    CHECK((long)list[4].result < 0);
    CHECK_EQ(list[5].result, 0);
    CHECK_EQ(list[6].result, 0);
    CHECK_EQ(list[7].result, -XEN_ENOSYS);
    page[0] = 1;

    CHECK_EQ(multicall(list, 0), 0);
    CHECK_EQ(multicall((void *)0x1000, 1), -XEN_EFAULT);
    CHECK_EQ(multicall((void *)HYPERVISOR_VIRT_START, 1), -XEN_EFAULT);
    CHECK_EQ(multicall((void *)NO_ADDRESS, 1), -XEN_EFAULT);

    /* More than a slice of them: it is done to the end, whatever comes between. */
    for (unsigned i = 0; i < 300; i++)
        many[i] = CALL(__HYPERVISOR_mmuext_op, 0, 0, 0, DOMID_SELF);
    for (unsigned i = 0; i < 300; i += 2)
        many[i] = CALL(__HYPERVISOR_xen_version, XENVER_pagesize, 0);
    CHECK_EQ(multicall(many, 300), 0);
    for (unsigned i = 0; i < 300; i++)
        CHECK_EQ(many[i].result, i % 2 ? 0 : PAGE_SIZE);
    /* A list whose end is not there: what came before is done. */
    {
        char *last = pages_alloc(2);
        struct multicall_entry *edge = (struct multicall_entry *)(last + PAGE_SIZE) - 1;

        MUST(page_protect(last + PAGE_SIZE, 0));
        *edge = CALL(__HYPERVISOR_xen_version, XENVER_pagesize, 0);
        CHECK_EQ(multicall(edge, 2), -XEN_EFAULT);
        CHECK_EQ(edge->result, PAGE_SIZE);
    }
}
