/* A kernel whose note leaves the hypervisor the paper's 64 MB (all of this library's do) has what
 * lies between the ABI's hole and those for itself: maps it to the last page, uses it in
 * hypercalls, and finds the machine-to-physical array above. As Domain0 and as a domain beside it.
 */
#include "guest.h"

#define FIRST HYPERVISOR_VIRT_START_PAE
#define HOLE HYPERVISOR_VIRT_START_NONPAE
#define STEP (8 * LEVEL_SPAN(2))

static void check_page(unsigned long va)
{
    volatile uint32_t *page = page_alloc();

    CHECK_EQ(map_at(va, va_to_mfn((void *)page), PAGE_RW), 0);
    CHECK_EQ(CATCH(*(volatile uint32_t *)va = (uint32_t)va), NO_TRAP);
    CHECK_EQ(*page, va);
    /* For arguments, read and written. */
    *page = 0;
    CHECK_EQ(xen_version(XENVER_platform_parameters, (void *)va), 0);
    CHECK_EQ(*page, HOLE);
}

/* From the addresses that belong to nobody else to those of the hypervisor. */
static void check_addresses(void)
{
    for (unsigned long va = FIRST; va < HOLE; va += STEP)
        check_page(va);
    check_page(HOLE - PAGE_SIZE);
    CHECK_EQ(CATCH((void)*(volatile uint32_t *)(HOLE - 2 * PAGE_SIZE)), TRAP_PF);
    /* A structure that begins there and ends in the hole. */
    CHECK_EQ(xen_version(XENVER_platform_parameters, (void *)(HOLE - 2)), -XEN_EFAULT);
    CHECK_EQ(update_va_mapping(HOLE - PAGE_SIZE, 0, UVMF_INVLPG), 0);
    CHECK_EQ(CATCH((void)*(volatile uint32_t *)(HOLE - PAGE_SIZE)), TRAP_PF);
    CHECK_EQ(update_va_mapping(HOLE, pte_make(va_to_mfn(stacks), PAGE_RO), 0), -XEN_EINVAL);
    CHECK_EQ(entry_write(entry_of(HOLE, 2), 0), -XEN_EINVAL);
    CHECK_EQ(entry_write(entry_of(FIRST, 2), 0), 0);
    CHECK_EQ(CATCH((void)*(volatile uint32_t *)FIRST), TRAP_PF);
}

/* The array from the hole on: all of it can be read, each of the guest's frames is in it, and
 * nothing behind it is there. */
static void check_array(void)
{
    const volatile uint32_t *array = (const volatile uint32_t *)HOLE;
    struct xen_machphys_mapping map;
    unsigned long entries;

    MUST(memory_op(XENMEM_machphys_mapping, &map));
    CHECK_EQ(map.v_start, HOLE);
    REQUIRE(map.v_end > HOLE && map.v_end - HOLE <= 64 << 20);
    entries = (map.v_end - HOLE) / sizeof(*array);
    CHECK_EQ(map.max_mfn, entries - 1);
    for (unsigned long i = 0; i < entries; i += PAGE_SIZE / sizeof(*array))
        if (CATCH((void)array[i]) != NO_TRAP && !CHECK(!"the array can be read"))
            break;
    for (pfn_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        if (array[pfn_to_mfn(pfn)] != pfn && !CHECK_EQ(array[pfn_to_mfn(pfn)], pfn))
            break;
    CHECK_EQ(CATCH(*(volatile uint32_t *)array = 0), TRAP_PF);
    CHECK_EQ(CATCH((void)array[entries]), TRAP_PF);
}

void test(void)
{
    check_addresses();
    check_array();
    if (!is_beside())
        beside_wait(30 * SECOND);
}
