/* Long operations are cut and go on by themselves: a tree of many tables is pinned and unpinned,
 * and thousands of frames are given and taken, with a timer firing all the time. */
#include "guest.h"

#define TABLES 64
#define FRAMES 2048

static xen_pfn_t list[FRAMES];

static void check_pins(void)
{
    pte_t *root = page_alloc(), *l3 = ROOT_LEVEL == 4 ? page_alloc() : root, *l2 = page_alloc();
    mfn_t data = va_to_mfn(page_alloc());

    page_make_readonly(mfn_to_va(data));
    for (unsigned t = 0; t < TABLES; t++) {
        pte_t *l1 = page_alloc();

        for (unsigned i = 0; i < TABLE_ENTRIES; i++)
            l1[i] = pte_make(data, PAGE_RO);
        page_make_readonly(l1);
        l2[t] = pte_make(va_to_mfn(l1), TABLE_BITS);
    }
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        l3[i] = pte_make(va_to_mfn(l2), TABLE_BITS);
    if (ROOT_LEVEL == 4) {
        root[0] = root[511] = pte_make(va_to_mfn(l3), TABLE_BITS);
        page_make_readonly(l3);
    } else {
        void *last = page_alloc();

        root[ROOT_ENTRIES - 1] = pte_make(va_to_mfn(last), ROOT_TABLE_BITS);
        page_make_readonly(last);
    }
    page_make_readonly(l2);
    page_make_readonly(root);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ(mmuext_mfn(PIN_ROOT, va_to_mfn(root)), 0);
        CHECK(mmuext_mfn(MMUEXT_PIN_L1_TABLE, data) < 0 ||
              mmuext_mfn(MMUEXT_UNPIN_TABLE, data) == 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(root)), 0);
        /* Everything is free again. */
        CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(l2)), 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(l2)), 0);
    }
    CHECK_EQ(page_protect(mfn_to_va(data), PAGE_RW), 0);
    CHECK_EQ(page_protect(l2, PAGE_RW), 0);
}

static void check_reservation(void)
{
    struct xen_memory_reservation r = {.nr_extents = FRAMES, .domid = DOMID_SELF};
    static pfn_t pfns[FRAMES];
    domid_t self = DOMID_SELF;
    long before = memory_op(XENMEM_current_reservation, &self);
    unsigned wrong = 0;

    for (unsigned i = 0; i < FRAMES; i++) {
        pfns[i] = spare_pfn();
        list[i] = pfn_to_mfn(pfns[i]);
    }
    set_xen_guest_handle(r.extent_start, list);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), FRAMES);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), before - FRAMES);
    memcpy(list, pfns, sizeof(pfns));
    CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), FRAMES);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), before);
    for (unsigned i = 0; i < FRAMES; i++)
        wrong += mfn_to_pfn(list[i]) != pfns[i];
    CHECK_EQ(wrong, 0);
}

static void check_updates(void)
{
    static struct mmu_update updates[2000];
    pte_t *leaf = tables_for(FREE_BASE);
    mfn_t mfn = va_to_mfn(page_alloc());
    unsigned done = 0;

    for (unsigned i = 0; i < 2000; i++)
        updates[i] = (struct mmu_update){va_to_maddr(&leaf[i % 512]),
                                         pte_make(mfn, i % 2 ? PAGE_RO : PAGE_RW)};
    CHECK_EQ(mmu_update(updates, 2000, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 2000);
    for (unsigned i = 0; i < 512; i++)
        MUST(entry_write(&leaf[i], 0));
    CHECK_EQ(page_protect(mfn_to_va(mfn), PAGE_RO), 0);
}

void test(void)
{
    struct vcpu_set_periodic_timer timer = {.period_ns = 2 * MILLISECOND};
    long port = event_bind_virq(VIRQ_TIMER, 0);

    REQUIRE(port > 0);
    event_enable();
    MUST(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer));
    check_pins();
    check_reservation();
    check_updates();
    CHECK(event_count[port] > 0);
    print("%u timer events\n", event_count[port]);
}
