/* memory_op: what the domain has and may have, giving frames back, getting new ones (zeroed, with
 * machine-to-physical entries), and exact counts of extents done when one of them is bad. */
#include "guest.h"

#define COUNT 4

static xen_pfn_t list[COUNT];

static struct xen_memory_reservation reservation(unsigned count, unsigned order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, list);
    return r;
}

static long current(void)
{
    domid_t self = DOMID_SELF;

    return memory_op(XENMEM_current_reservation, &self);
}

static void check_queries(void)
{
    domid_t self = DOMID_SELF, zero = 0, nobody = 4711;
    long maximum = memory_op(XENMEM_maximum_reservation, &self);

    CHECK_EQ(current(), start_info->nr_pages);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &zero), start_info->nr_pages);
    CHECK(maximum >= current());
    CHECK_EQ(memory_op(XENMEM_current_reservation, &nobody), -XEN_ESRCH);
    CHECK_EQ(memory_op(XENMEM_current_reservation, (void *)0x1000), -XEN_EFAULT);
    CHECK(memory_op(XENMEM_maximum_ram_page, NULL) > 0x1000);
}

static void check_decrease(pfn_t *pfns)
{
    struct xen_memory_reservation r = reservation(COUNT, 0);
    long before = current();

    for (unsigned i = 0; i < COUNT; i++) {
        pfns[i] = spare_pfn();
        list[i] = pfn_to_mfn(pfns[i]);
    }
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), COUNT);
    CHECK_EQ(current(), before - COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        CHECK(mfn_to_pfn(list[i]) != pfns[i]);
    /* They are gone: giving them back again does nothing. */
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    CHECK_EQ(current(), before - COUNT);
    /* A good one, and then one that is none: one done. */
    list[0] = pfn_to_mfn(spare_pfn());
    list[1] = NO_MFN;
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
    /* One that is in use stays, whatever the result says. */
    list[0] = va_to_mfn((void *)start_info->pt_base);
    r = reservation(1, 0);
    memory_op(XENMEM_decrease_reservation, &r);
    CHECK_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, va_to_mfn((void *)start_info->pt_base)), 0);
}

static void check_populate(const pfn_t *pfns)
{
    struct xen_memory_reservation r = reservation(COUNT, 0);
    long before = current();
    unsigned dirty = 0;

    for (unsigned i = 0; i < COUNT; i++)
        list[i] = pfns[i];
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == COUNT);
    CHECK_EQ(current(), before + COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned long va = FREE_BASE + i * PAGE_SIZE;

        CHECK_EQ(mfn_to_pfn(list[i]), pfns[i]);
        MUST(map_at(va, list[i], PAGE_RW));
        for (unsigned word = 0; word < PAGE_SIZE / sizeof(unsigned long); word++)
            dirty += ((unsigned long *)va)[word] != 0;
        *(unsigned long *)va = i;
        CHECK_EQ(*(unsigned long *)va, i);
        MUST(map_at(va, 0, 0));
    }
    CHECK_EQ(dirty, 0);
}

static void check_increase(void)
{
    struct xen_memory_reservation r = reservation(COUNT, 0);

    REQUIRE(memory_op(XENMEM_increase_reservation, &r) == COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        MUST(map_at(FREE_BASE + i * PAGE_SIZE, list[i], PAGE_RW));
    for (unsigned i = 0; i < COUNT; i++)
        MUST(map_at(FREE_BASE + i * PAGE_SIZE, 0, 0));
    r = reservation(COUNT, 0);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), COUNT);
    /* Without a list the frames are the domain's, but it is not told which. */
    r = reservation(0, 0);
    CHECK_EQ(memory_op(XENMEM_increase_reservation, &r), 0);
}

static void check_bad(void)
{
    struct xen_memory_reservation r = reservation(COUNT, 0);
    long before = current();

    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)0x1000);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
    CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), 0);
    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)HYPERVISOR_VIRT_START);
    CHECK(memory_op(XENMEM_populate_physmap, &r) <= 0);
    r = reservation(~0U, 0);
    CHECK(memory_op(XENMEM_populate_physmap, &r) <= 0);
    r = reservation(1, 60);
    CHECK(memory_op(XENMEM_populate_physmap, &r) <= 0);
    CHECK(memory_op(XENMEM_increase_reservation, &r) <= 0);
    r = reservation(1, 0);
    r.domid = 4711;
    /* These calls say how many extents were done and nothing else. */
    CHECK_EQ(memory_op(XENMEM_increase_reservation, &r), 0);
    CHECK_EQ(memory_op(XENMEM_populate_physmap, (void *)0x1000), 0);
    /* A start beyond the list's end: nothing is left to do. */
    r = reservation(1, 0);
    CHECK_EQ(memory_op(XENMEM_populate_physmap | 5 << 6, &r), 5);
    CHECK_EQ(current(), before);
}

void test(void)
{
    pfn_t pfns[COUNT];

    check_queries();
    check_decrease(pfns);
    check_populate(pfns);
    check_increase();
    check_bad();
}
