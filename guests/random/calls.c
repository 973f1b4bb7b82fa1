#include "random.h"

#include "hypervisor/hypercall/list.h"

#include <xen/arch-x86/xen-mca.h>
#include <xen/domctl.h>
#include <xen/nmi.h>
#include <xen/physdev.h>

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

/* What tools ask of Ringfort; about this domain only what cannot end it. */
static void make_control(struct call *call)
{
    uint32_t *op = some_room(256);
    bool is_domctl = one_in(2);

    if (is_room(op)) {
        op[0] = below(is_domctl ? 90 : 30);
        op[1] = is_domctl ? XEN_DOMCTL_INTERFACE_VERSION : XEN_SYSCTL_INTERFACE_VERSION;
        op[2] = one_in(4) ? some_domain() : 2 + below(3);
        if (one_in(20))
            op[1] = (uint32_t)some_number();
    }
    *call =
        (struct call){is_domctl ? __HYPERVISOR_domctl : __HYPERVISOR_sysctl, {(unsigned long)op}};
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

/* What ends this guest by right, or stops it for ever, is no finding. */
static bool is_suicide(const struct call *call)
{
    const uint32_t *op = (const uint32_t *)call->args[0];

    switch (call->op) {
    case __HYPERVISOR_iret:
    case __HYPERVISOR_set_trap_table:
    case __HYPERVISOR_nmi_op:
    case __HYPERVISOR_platform_op: /* switches the machine off */
        return is_room(op) || call->op == __HYPERVISOR_iret;
    case __HYPERVISOR_sched_op:
        return (call->args[0] < 9 && call->args[0] != SCHEDOP_yield) ||
               call->args[0] == SCHEDOP_watchdog;
    case __HYPERVISOR_vcpu_op:
        return call->args[0] == VCPUOP_up || call->args[0] == VCPUOP_down ||
               call->args[0] == VCPUOP_send_nmi || call->args[0] == VCPUOP_register_vcpu_info ||
               call->args[0] == VCPUOP_initialise;
    case __HYPERVISOR_console_io:
        return is_room((void *)call->args[2]);
    case __HYPERVISOR_sysctl:
        return is_room(op) && (op[0] == XEN_SYSCTL_debug_keys || op[0] == XEN_SYSCTL_readconsole);
    case __HYPERVISOR_domctl:
        return is_room(op) && (op[2] < 2 || op[2] == DOMID_SELF);
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
        if (!is_room((void *)call->args[1]))
            return false;
        return call->args[2] > GRANT_LIST_MAX ||
               (call->args[0] == GNTTABOP_transfer &&
                is_loss((const struct gnttab_transfer *)call->args[1], call->args[2]));
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return call->args[0] >= VIRT_BASE && call->args[0] < (unsigned long)play_pages[0];
    default:
        return false;
    }
}

static void make_one(struct call *call)
{
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
