#include "random.h"

#include "hypervisor/hypercall/list.h"

#include <xen/arch-x86/xen-mca.h>
#include <xen/domctl.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>

uint32_t reached_outcomes;

/* Numbers, and how many of their arguments are looked at: from the one list. */
static const struct {
    unsigned number, nargs;
} list[] = {
#define HYPERCALL(name, nargs, widths, who) {__HYPERVISOR_##name, nargs},
    HYPERCALL_LIST(HYPERCALL)};

static unsigned long some_word(void)
{
    switch (below(6)) {
    case 0:
        return some_va();
    case 1:
        return (unsigned long)some_mfn();
    case 2:
        return (unsigned long)some_number();
    case 3:
        return below(4);
    default:
        return (unsigned long)some_room(64 + below(256));
    }
}

static void make_grant(struct call *call)
{
    union {
        struct gnttab_map_grant_ref map;
        struct gnttab_unmap_grant_ref unmap;
        struct gnttab_transfer transfer;
        struct gnttab_copy copy;
        struct gnttab_setup_table setup;
        uint32_t words[16];
    } *op = some_room(4 * sizeof(*op));
    static const unsigned commands[] = {GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref,
                                        GNTTABOP_unmap_grant_ref, GNTTABOP_copy};
    unsigned command = one_in(5) ? below(14) : commands[below(4)];

    if (is_room(op) && command == GNTTABOP_map_grant_ref) {
        op->map.host_addr = one_in(10) ? va_to_maddr(&play_tables[1][PLAY_FIRST]) : some_va();
        op->map.flags = one_in(10) ? (unsigned)some_number() : GNTMAP_host_map | below(2) << 2;
        if (one_in(6)) {
            op->map.host_addr = va_to_maddr(&play_tables[1][PLAY_FIRST + below(PLAY_ENTRIES)]);
            op->map.flags |= GNTMAP_contains_pte;
        }
        op->map.ref = some_ref();
        op->map.dom = one_in(6) ? (domid_t)some_domain() : (domid_t)below(2);
    } else if (is_room(op) && command == GNTTABOP_unmap_grant_ref) {
        op->unmap.host_addr = one_in(3) ? 0 : some_va();
        op->unmap.dev_bus_addr = one_in(10) ? any() : 0;
        op->unmap.handle = one_in(10) ? (unsigned)some_number() : below(32);
    } else if (is_room(op) && command == GNTTABOP_copy) {
        op->copy.flags = (uint16_t)below(4);
        op->copy.source.u.ref = op->copy.flags & 1 ? some_ref() : 0;
        op->copy.dest.u.ref = op->copy.flags & 2 ? some_ref() : 0;
        if (!(op->copy.flags & 1))
            op->copy.source.u.gmfn = some_mfn();
        if (!(op->copy.flags & 2))
            op->copy.dest.u.gmfn = va_to_mfn(play_pages[below(PAGES)]);
        op->copy.source.domid = op->copy.flags & 1 ? (domid_t)below(2) : DOMID_SELF;
        op->copy.dest.domid = op->copy.flags & 2 ? (domid_t)below(2) : DOMID_SELF;
        op->copy.len = (uint16_t)(one_in(4) ? any() : below(64));
        op->copy.source.offset = (uint16_t)(one_in(6) ? any() : below(64));
        op->copy.dest.offset = (uint16_t)(one_in(6) ? any() : below(64));
    } else if (is_room(op) && command == GNTTABOP_transfer) {
        op->transfer.mfn = one_in(4) ? some_mfn() : spare_frames[below(SPARES)];
        op->transfer.domid = one_in(6) ? (domid_t)some_domain() : (domid_t)below(2);
        op->transfer.ref = some_ref();
    } else if (is_room(op) && command == GNTTABOP_setup_table) {
        op->setup = (struct gnttab_setup_table){.dom = DOMID_SELF, .nr_frames = below(8)};
        set_xen_guest_handle(op->setup.frame_list, some_room(64 * sizeof(xen_pfn_t)));
    }
    *call = (struct call){__HYPERVISOR_grant_table_op,
                          {command, (unsigned long)op, one_in(20) ? below(GRANT_LIST_MAX) : 1}};
}

static void make_event(struct call *call)
{
    uint32_t *op = some_room(32);
    unsigned command = below(16);

    if (is_room(op)) {
        op[0] = command == EVTCHNOP_status || command == EVTCHNOP_reset ||
                        command == EVTCHNOP_alloc_unbound || command == EVTCHNOP_bind_interdomain
                    ? (one_in(4) ? some_domain() : below(2)) | some_domain() << 16
                    : some_port();
        op[1] = some_port();
    }
    *call = (struct call){__HYPERVISOR_event_channel_op, {command, (unsigned long)op}};
}

static void make_register(struct call *call)
{
    switch (below(5)) {
    case 0:
        *call = (struct call){__HYPERVISOR_set_debugreg,
                              {below(9), (unsigned long)(one_in(2) ? any() : some_number())}};
        return;
    case 1:
        *call = (struct call){__HYPERVISOR_set_segment_base,
                              {below(5), (unsigned long)(one_in(2) ? any() : below(0x10000))}};
        return;
    case 2:
        *call = (struct call){__HYPERVISOR_fpu_taskswitch, {below(2)}};
        return;
    case 3:
        *call = (struct call){__HYPERVISOR_set_gdt, {(unsigned long)some_room(64), below(8193)}};
        if (is_room((void *)call->args[0]))
            for (unsigned i = 0; i < 64 / sizeof(xen_pfn_t); i++)
                ((xen_pfn_t *)call->args[0])[i] = some_mfn();
        return;
    default:
        *call = (struct call){__HYPERVISOR_vcpu_op,
                              {below(16), below(6), (unsigned long)some_room(256)}};
    }
}

/* A domain that can be made, more or less. */
static void make_domain(struct xen_domctl *op)
{
    op->domain = (domid_t)(2 + below(3));
    memset(&op->u, 0, sizeof(op->u));
    op->u.createdomain = (struct xen_domctl_createdomain){.max_vcpus = 1 + below(3),
                                                          .max_evtchn_port = 1 + below(2000),
                                                          .max_grant_frames = 1 + (int)below(40),
                                                          .max_maptrack_frames = 1 + (int)below(40),
                                                          .grant_opts = 1};
    if (one_in(4))
        ((uint32_t *)&op->u)[below(16)] = (uint32_t)some_number();
}

/* What tools ask of Ringfort, mostly about domains that were made in this way. Where a list may be,
 * its address is one near the end of a page with nothing behind it, however long it is said to be.
 */
static void make_control(struct call *call)
{
    static const struct {
        unsigned number, commands, version;
    } kinds[] = {{__HYPERVISOR_domctl, 90, XEN_DOMCTL_INTERFACE_VERSION},
                 {__HYPERVISOR_domctl, 90, XEN_DOMCTL_INTERFACE_VERSION},
                 {__HYPERVISOR_sysctl, 30, XEN_SYSCTL_INTERFACE_VERSION},
                 {__HYPERVISOR_platform_op, 70, XENPF_INTERFACE_VERSION}};
    unsigned kind = below(ARRAY_SIZE(kinds));
    uint32_t *op = some_room(256);

    if (is_room(op)) {
        op[0] = below(kinds[kind].commands);
        op[1] = one_in(20) ? (uint32_t)some_number() : kinds[kind].version;
        op[2] = one_in(4) ? some_domain() : 1 + below(4);
        for (unsigned i = below(4); i > 0; i--)
            ((uint64_t *)op)[1 + below(8)] = some_brink();
        if (kinds[kind].number == __HYPERVISOR_domctl && one_in(8)) {
            op[0] = XEN_DOMCTL_createdomain;
            make_domain((struct xen_domctl *)op);
        }
    }
    *call = (struct call){kinds[kind].number, {(unsigned long)op}};
}

static void make_any(struct call *call)
{
    unsigned which = below(ARRAY_SIZE(list));

    *call = (struct call){.op = list[which].number};
    for (unsigned i = 0; i < list[which].nargs; i++)
        call->args[i] = some_word();
    /* Most have a number for what is to be done, and its argument behind it. */
    if (list[which].nargs >= 2 && !one_in(4)) {
        call->args[0] = below(40);
        call->args[list[which].nargs - 1] = (unsigned long)some_room(128);
    }
}

/* What is transferred is lost, whoever gets it. */
static bool is_loss(const struct gnttab_transfer *ops, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++)
        if (is_private(ops[i].mfn))
            return true;
    return false;
}

/* Operations on a domain that it survives in good order and time: a cap would stop it. */
static bool is_gentle(unsigned command)
{
    static const unsigned gentle[] = {
        XEN_DOMCTL_getdomaininfo,   XEN_DOMCTL_getvcpucontext,   XEN_DOMCTL_getvcpuinfo,
        XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_settimeoffset,    XEN_DOMCTL_get_ext_vcpucontext,
        XEN_DOMCTL_gettscinfo,      XEN_DOMCTL_get_address_size, XEN_DOMCTL_getpageframeinfo3,
        XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_vcpu_msrs,    XEN_DOMCTL_getnodeaffinity,
        XEN_DOMCTL_setnodeaffinity, XEN_DOMCTL_get_cpu_policy,   XEN_DOMCTL_max_vcpus,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(gentle); i++)
        if (gentle[i] == command)
            return true;
    return false;
}

/* Whether an address is of this guest's memory, not only of what calls are made in. */
static bool is_ours(unsigned long at)
{
    return at >= VIRT_BASE && at - VIRT_BASE < start_info->nr_pages << PAGE_SHIFT;
}

/* What ends this guest by right, or stops it for ever, is no finding. */
static bool is_suicide(const struct call *call)
{
    const uint32_t *op = (const uint32_t *)call->args[0];

    switch (call->op) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_nmi_op:
        return is_room(op) || call->op == __HYPERVISOR_iret;
    case __HYPERVISOR_platform_op:
        return is_room(op) && op[0] == XENPF_enter_acpi_sleep;
    case __HYPERVISOR_sched_op:
        return (call->args[0] < 9 && call->args[0] != SCHEDOP_yield) ||
               call->args[0] == SCHEDOP_watchdog;
    case __HYPERVISOR_sched_op_compat:
        return call->args[0] != SCHEDOP_yield;
    case __HYPERVISOR_vcpu_op:
        return call->args[0] == VCPUOP_up || call->args[0] == VCPUOP_down ||
               call->args[0] == VCPUOP_send_nmi || call->args[0] == VCPUOP_register_vcpu_info ||
               call->args[0] == VCPUOP_initialise;
    case __HYPERVISOR_console_io:
        return is_room((void *)call->args[2]);
    case __HYPERVISOR_sysctl:
        return is_room(op) && (op[0] == XEN_SYSCTL_debug_keys || op[0] == XEN_SYSCTL_readconsole);
    case __HYPERVISOR_domctl:
        return is_room(op) && ((op[2] & 0xffff) < 2 || (op[2] & 0xffff) == DOMID_SELF) &&
               !is_gentle(op[0]);
    /* Once given, Ringfort has this page for good. */
    case __HYPERVISOR_physdev_op:
        op = (const uint32_t *)call->args[1];
        return (call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v1 ||
                call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v2) &&
               is_room(op) && is_private(*op);
    /* Results would be written over what is behind the list. */
    case __HYPERVISOR_multicall:
        return is_room(op);
    case __HYPERVISOR_grant_table_op:
        return is_ours(call->args[1]) &&
               (call->args[2] > GRANT_LIST_MAX ||
                (call->args[0] == GNTTABOP_transfer &&
                 (!is_room((void *)call->args[1]) ||
                  is_loss((const struct gnttab_transfer *)call->args[1], call->args[2]))));
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return call->args[0] >= VIRT_BASE && call->args[0] < (unsigned long)play_pages[0];
    default:
        return false;
    }
}

static void make_one(struct call *call)
{
    if (random_seed % CONTROL_SEEDS == 0 && one_in(2)) {
        make_control(call);
        return;
    }
    switch (below(20)) {
    case 0 ... 8:
        call_make_memory(call);
        return;
    case 9 ... 12:
        make_grant(call);
        return;
    case 13 ... 14:
        make_event(call);
        return;
    case 15:
        make_register(call);
        return;
    case 16:
        make_control(call);
        return;
    case 17:
        *call = (struct call){.op = __HYPERVISOR_update_descriptor};
        call->args[0] = (unsigned long)va_to_maddr(play_pages[below(PAGES)]) + 8 * below(8);
        call->args[ROOT_LEVEL == 4 ? 1 : 2] = (unsigned long)any();
        return;
    default:
        make_any(call);
    }
}

static void make_alive(struct call *call)
{
    do
        make_one(call);
    while (is_suicide(call));
}

static void make_batch(struct call *call)
{
    unsigned count = 1 + below(5);
    struct multicall_entry *entries = some_room(count * sizeof(*entries));

    for (unsigned i = 0; i < count && is_room(entries); i++) {
        struct call inner;

        make_alive(&inner);
        entries[i].op = inner.op;
        for (unsigned j = 0; j < 5; j++)
            entries[i].args[j] = inner.args[j];
    }
    *call = (struct call){__HYPERVISOR_multicall, {(unsigned long)entries, count}};
}

void call_make(struct call *call)
{
    if (one_in(12))
        make_batch(call);
    else
        make_alive(call);
}

/* Counts a pair of call and outcome once. */
static void note(const struct call *call, long result)
{
    static uint8_t seen[1 << 13];
    unsigned first = call->args[0] < 64 ? (unsigned)call->args[0] : 64;
    unsigned outcome = result < 0 && result > -200 ? (unsigned)-result : result > 0 ? 201 : 0;
    unsigned bit = (call->op * 131 + first * 2003 + outcome * 7919) % (8 * sizeof(seen));
    uint8_t mask = (uint8_t)(1 << bit % 8);

    if (!(__atomic_fetch_or(&seen[bit / 8], mask, __ATOMIC_RELAXED) & mask))
        __atomic_fetch_add(&reached_outcomes, 1, __ATOMIC_RELAXED);
}

bool call_run(const struct call *call)
{
    const unsigned long *a = call->args;
    long result = hypercall5(call->op, a[0], a[1], a[2], a[3], a[4]);

    note(call, result);
    hypercall2(__HYPERVISOR_set_debugreg, 7, 0);
    vcpu_info()->evtchn_upcall_mask = 1;
    if (call->op == __HYPERVISOR_set_callbacks || call->op == __HYPERVISOR_callback_op ||
        call->op == __HYPERVISOR_set_trap_table || call->op == __HYPERVISOR_multicall)
        trap_init();
    return result >= 0;
}
