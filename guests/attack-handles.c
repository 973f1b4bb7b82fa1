/* Lists and structures whose addresses wrap around, end in Ringfort's memory or continue there
 * (advisories 29, 159, 212: a sum or an offset that was not checked). What must hold: -EFAULT
 * before anything is done, and Ringfort's memory is neither read nor written. */
#include "guest.h"

/* The last bytes that are a guest's below Ringfort's addresses, and the first of Ringfort's. */
#define LIMIT HYPERVISOR_VIRT_START

static const unsigned long bad[] = {LIMIT,      LIMIT - 1, LIMIT + PAGE_SIZE, HYPERVISOR_LAST_PAGE,
                                    NO_ADDRESS, 0x1000};

static void check_calls(unsigned long at)
{
    static const unsigned calls[] = {__HYPERVISOR_set_trap_table, __HYPERVISOR_platform_op,
                                     __HYPERVISOR_sysctl, __HYPERVISOR_domctl};
    static const unsigned memory[] = {XENMEM_exchange, XENMEM_machine_memory_map,
                                      XENMEM_machphys_mfn_list, XENMEM_current_reservation};
    static const unsigned events[] = {EVTCHNOP_bind_ipi, EVTCHNOP_bind_virq,
                                      EVTCHNOP_send,     EVTCHNOP_status,
                                      EVTCHNOP_close,    EVTCHNOP_alloc_unbound};
    static const unsigned grants[] = {GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref,
                                      GNTTABOP_copy, GNTTABOP_setup_table, GNTTABOP_query_size};

    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
        CHECK_EQ(hypercall1(calls[i], at), -XEN_EFAULT);
    for (unsigned i = 0; i < ARRAY_SIZE(memory); i++)
        CHECK_EQ(memory_op(memory[i], (void *)at), -XEN_EFAULT);
    for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
        CHECK_EQ(event_channel_op(events[i], (void *)at), -XEN_EFAULT);
    for (unsigned i = 0; i < ARRAY_SIZE(grants); i++)
        CHECK_EQ(grant_table_op(grants[i], (void *)at, 1), -XEN_EFAULT);
    CHECK_EQ(multicall((void *)at, 1), -XEN_EFAULT);
    CHECK_EQ(mmu_update((void *)at, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    CHECK_EQ(mmuext_op((void *)at, 1, NULL, DOMID_SELF), -XEN_EFAULT);
    CHECK_EQ(console_io(CONSOLEIO_write, 1, (void *)at), -XEN_EFAULT);
}

/* Lists that begin well, or seem to. */
static void check_lengths(void)
{
    static struct multicall_entry entry = {.op = __HYPERVISOR_xen_version};
    static const unsigned many[] = {0x7fffffff, 0x80000000, 0xffffffff, 0x10000000};

    for (unsigned i = 0; i < ARRAY_SIZE(many); i++) {
        if (ROOT_LEVEL == 3)
            CHECK_EQ(multicall(&entry, many[i]), -XEN_EFAULT);
        /* The highest bit of these two's counts means something else. */
        CHECK_EQ(mmu_update((void *)LIMIT, many[i] >> 1, NULL, DOMID_SELF), -XEN_EFAULT);
        CHECK_EQ(mmuext_op((void *)LIMIT, many[i] >> 1, NULL, DOMID_SELF), -XEN_EFAULT);
    }
    CHECK_EQ(set_gdt((void *)(LIMIT - 8), 512 * 14), -XEN_EFAULT);
}

/* Continued at an offset that leads the lists somewhere else. */
static void check_exchange(void)
{
    static const xen_ulong_t done[] = {
        1, 2, 511, 1UL << 20, ~(xen_ulong_t)0, ~(xen_ulong_t)0 >> 3, ~(xen_ulong_t)0 << 12};
    static xen_pfn_t list[2];

    for (unsigned i = 0; i < ARRAY_SIZE(done); i++) {
        struct xen_memory_exchange e = {
            .in = {.nr_extents = done[i] + 1, .domid = DOMID_SELF},
            .out = {.nr_extents = done[i] + 1, .domid = DOMID_SELF},
            .nr_exchanged = done[i],
        };
        bool is_count = done[i] + 1 && !((uint64_t)done[i] >> 40);
        long result;

        /* The element to write is Ringfort's first word. */
        set_xen_guest_handle(e.in.extent_start, list);
        set_xen_guest_handle(e.out.extent_start,
                             (xen_pfn_t *)(LIMIT - done[i] * sizeof(xen_pfn_t)));
        result = memory_op(XENMEM_exchange, &e);
        /* A count that is none, or that no sum could be made of, may be what is found first. */
        if (is_count || result != -XEN_EINVAL)
            CHECK_EQ(result, -XEN_EFAULT);
        CHECK_EQ(e.nr_exchanged, done[i]);
    }
}

static void check_reservation(void)
{
    struct xen_memory_reservation r = {.nr_extents = 4, .domid = DOMID_SELF};
    domid_t self = DOMID_SELF;
    long before = memory_op(XENMEM_current_reservation, &self);

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        set_xen_guest_handle(r.extent_start, (xen_pfn_t *)bad[i]);
        CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 0);
        CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), 0);
    }
    /* Begun far behind the end. */
    for (unsigned start = 5; start < 1U << 20; start *= 7)
        CHECK_EQ(memory_op(XENMEM_populate_physmap | start << 6, &r), (long)start);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), before);
}

void test(void)
{
    unsigned long first = *(const volatile unsigned long *)machine_to_phys;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
        check_calls(bad[i]);
    check_lengths();
    check_exchange();
    check_reservation();
    CHECK_EQ(*(const volatile unsigned long *)machine_to_phys, first);
}
