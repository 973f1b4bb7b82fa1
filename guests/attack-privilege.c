/* A domain without privileges uses what is Domain0's. Each missing check of this kind was a way out
 * or a leak (advisories 38, 66, 87, 122 and others). What must hold: every such call is refused
 * with the ABI's error before its arguments are looked at, other domains' frames, events and grants
 * are out of reach whatever name they are called by, ports and MSRs fault. */
#include "guest.h"
#include "hypervisor/hypercall/list.h"

#include <xen/arch-x86/xen-mca.h>

#define NOWHERE 0x1000UL
#define CONTROL 0

static const struct {
    unsigned number;
    bool is_privileged, is_64;
} calls[] = {
#define ANY false
#define DOM0 true
#define HYPERCALL(name, nargs, widths, who) {__HYPERVISOR_##name, who, #widths[0] == '6'},
    HYPERCALL_LIST(HYPERCALL)
#undef ANY
#undef DOM0
};

static void check_calls(void)
{
    unsigned tried = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
        if (!calls[i].is_privileged || (calls[i].is_64 && ROOT_LEVEL == 3))
            continue;
        tried++;
        CHECK_EQ(hypercall4(calls[i].number, NOWHERE, 0, 0, 0), -XEN_EPERM);
        CHECK_EQ(hypercall4(calls[i].number, HYPERVISOR_VIRT_START, 1, 1, 1), -XEN_EPERM);
    }
    CHECK(tried >= 4);
}

static long domain_call(unsigned op, domid_t domain)
{
    return memory_op(op, &domain);
}

static void check_memory(void)
{
    xen_pfn_t frame = va_to_pfn(page_alloc()), before;
    struct xen_memory_reservation some = {.nr_extents = 1, .domid = CONTROL};
    struct xen_add_to_physmap share = {.domid = CONTROL};
    struct xen_memory_map map = {.nr_entries = 1};
    domid_t self = DOMID_SELF;

    before = (xen_pfn_t)memory_op(XENMEM_current_reservation, &self);
    set_xen_guest_handle(some.extent_start, &frame);
    set_xen_guest_handle(map.buffer, (void *)start_info);
    CHECK_EQ(memory_op(XENMEM_increase_reservation, &some), 0);
    CHECK_EQ(memory_op(XENMEM_populate_physmap, &some), 0);
    CHECK_EQ(memory_op(XENMEM_decrease_reservation, &some), 0);
    CHECK_EQ(domain_call(XENMEM_current_reservation, CONTROL), -XEN_EPERM);
    CHECK_EQ(domain_call(XENMEM_maximum_reservation, CONTROL), -XEN_EPERM);
    CHECK_EQ(memory_op(XENMEM_add_to_physmap, &share), -XEN_ENOSYS);
    CHECK_EQ(memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), (long)before);
}

/* Under every name that a foreign frame can be called by. */
static void check_tables(void)
{
    static const unsigned names[] = {CONTROL,       DOMID_XEN,  DOMID_COW,
                                     DOMID_INVALID, DOMID_IDLE, 4711};
    struct mmu_update update = {.ptr = va_to_maddr(tables_for(FREE_BASE))};
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE};
    unsigned done;

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        update.val = pte_make(0x1000, PAGE_RO);
        CHECK_EQ(mmu_update(&update, 1, &done, names[i]), -XEN_ESRCH);
        CHECK_EQ(mmuext_op(&op, 1, &done, names[i]), -XEN_ESRCH);
        CHECK_EQ(mmu_update(&update, 1, &done, (names[i] + 1) << 16 | DOMID_SELF), -XEN_ESRCH);
    }
    /* The pseudo-domain for devices may be named; no device is this domain's. */
    for (mfn_t mfn = 0xfec00; mfn <= 0xfee00; mfn += 0x100) {
        update.val = pte_make(mfn, PAGE_RW);
        CHECK_EQ(mmu_update(&update, 1, &done, DOMID_IO), -XEN_EINVAL);
    }
    update.val = pte_make(0xb8, PAGE_RW);
    CHECK_EQ(mmu_update(&update, 1, &done, DOMID_IO), -XEN_EINVAL);
    CHECK_EQ(mmu_update(&update, 1, &done, DOMID_SELF), -XEN_EINVAL);
}

static void check_events(void)
{
    struct evtchn_status status = {.dom = CONTROL, .port = 1};
    struct evtchn_reset reset = {.dom = CONTROL};
    struct evtchn_bind_pirq pirq = {.pirq = 1};

    CHECK_EQ(event_alloc_unbound(CONTROL, DOMID_SELF), -XEN_EPERM);
    CHECK_EQ(event_channel_op(EVTCHNOP_status, &status), -XEN_EPERM);
    CHECK_EQ(event_channel_op(EVTCHNOP_reset, &reset), -XEN_EPERM);
    CHECK_EQ(event_channel_op(EVTCHNOP_bind_pirq, &pirq), -XEN_EPERM);
    for (unsigned port = 1; port < 64; port++)
        CHECK_EQ(event_bind_interdomain(CONTROL, port), -XEN_EINVAL);
}

static void check_grants(void)
{
    xen_pfn_t frame;
    struct gnttab_setup_table setup = {.dom = CONTROL, .nr_frames = 1};
    struct gnttab_query_size size = {.dom = CONTROL};
    struct gnttab_map_grant_ref map = {
        .host_addr = FREE_BASE, .flags = GNTMAP_host_map, .dom = CONTROL};

    set_xen_guest_handle(setup.frame_list, &frame);
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    CHECK_EQ(setup.status, GNTST_permission_denied);
    CHECK_EQ(grant_table_op(GNTTABOP_query_size, &size, 1), 0);
    CHECK_EQ(size.status, GNTST_permission_denied);
    for (map.ref = 0; map.ref < 64; map.ref++) {
        CHECK_EQ(grant_table_op(GNTTABOP_map_grant_ref, &map, 1), 0);
        CHECK(map.status == GNTST_bad_gntref || map.status == GNTST_permission_denied);
    }
}

static void check_rest(void)
{
    struct sched_remote_shutdown shutdown = {.domain_id = CONTROL, .reason = SHUTDOWN_poweroff};
    struct physdev_map_pirq map = {.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .pirq = -1};
    struct physdev_setup_gsi gsi = {.gsi = 1};
    struct physdev_apic apic = {.apic_physbase = 0xfec00000};
    static char text[8];

    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &shutdown), -XEN_EPERM);
    CHECK_EQ(physdev_op(PHYSDEVOP_map_pirq, &map), -XEN_EPERM);
    CHECK_EQ(physdev_op(PHYSDEVOP_setup_gsi, &gsi), -XEN_EPERM);
    CHECK_EQ(physdev_op(PHYSDEVOP_apic_read, &apic), -XEN_EPERM);
    CHECK_EQ(console_io(CONSOLEIO_read, sizeof(text), text), -XEN_EPERM);
}

/* Ports fault, or with the highest privilege for I/O that the ABI knows are not connected. */
static void check_instructions(void)
{
    static const uint16_t ports[] = {0x20,  0x60, 0x64,  0x70,  0x71,
                                     0x3f8, 0x92, 0xcf8, 0xcfc, 0x604};
    static const uint32_t msrs[] = {0x1b, 0x174, 0xc0000081, 0xc0000082, 0xc0000084, 0x277};
    struct physdev_set_iopl iopl = {.iopl = 3};
    volatile uint32_t value;

    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        CHECK_EQ(CATCH(asm volatile("outb %b0, %w1" : : "a"(0), "d"(ports[i]))), TRAP_GP);
        CHECK_EQ(CATCH(asm volatile("inl %w1, %k0" : "=a"(value) : "d"(ports[i]))), TRAP_GP);
    }
    CHECK_EQ(physdev_op(PHYSDEVOP_set_iopl, &iopl), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        CHECK_EQ(CATCH(asm volatile("outb %b0, %w1" : : "a"(0), "d"(ports[i]))), NO_TRAP);
        CHECK_EQ(CATCH(asm volatile("inl %w1, %k0" : "=a"(value) : "d"(ports[i]))), NO_TRAP);
        CHECK_EQ(value, 0xffffffff);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(msrs); i++)
        CHECK_EQ(CATCH(asm volatile("wrmsr" : : "c"(msrs[i]), "a"(1), "d"(1))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("hlt")), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("lidt %0" : : "m"(value))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov %0, %%cr3" : : "r"(0L))), TRAP_GP);
}

void test(void)
{
    if (!is_beside()) {
        beside_wait(20 * SECOND);
        return;
    }
    check_calls();
    check_memory();
    check_tables();
    check_events();
    check_grants();
    check_rest();
    check_instructions();
}
