#include "random.h"

#include "hypervisor/hypercall/list.h"

#include "interface/ringfort.h"

#include <xen/arch-x86/xen-mca.h>
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

union grant_op {
    struct gnttab_map_grant_ref map;
    struct gnttab_unmap_grant_ref unmap;
    struct gnttab_transfer transfer;
    struct gnttab_copy copy;
    struct gnttab_setup_table setup;
    uint32_t words[16];
};

static void fill_map(struct gnttab_map_grant_ref *map)
{
    map->host_addr = one_in(10) ? va_to_maddr(&play_tables[1][PLAY_FIRST]) : some_va();
    map->flags = one_in(10) ? (unsigned)some_number() : GNTMAP_host_map | below(2) << 2;
    if (one_in(6)) {
        map->host_addr = va_to_maddr(&play_tables[1][PLAY_FIRST + below(PLAY_ENTRIES)]);
        map->flags |= GNTMAP_contains_pte;
    }
    map->ref = some_ref();
    map->dom = one_in(6) ? (domid_t)some_domain() : (domid_t)below(2);
}

static void fill_copy(struct gnttab_copy *copy)
{
    copy->flags = (uint16_t)below(4);
    copy->source.u.ref = copy->flags & 1 ? some_ref() : 0;
    copy->dest.u.ref = copy->flags & 2 ? some_ref() : 0;
    if (!(copy->flags & 1))
        copy->source.u.gmfn = some_mfn();
    if (!(copy->flags & 2))
        copy->dest.u.gmfn = va_to_mfn(play_pages[below(PAGES)]);
    copy->source.domid = copy->flags & 1 ? (domid_t)below(2) : DOMID_SELF;
    copy->dest.domid = copy->flags & 2 ? (domid_t)below(2) : DOMID_SELF;
    copy->len = (uint16_t)(one_in(4) ? any() : below(64));
    copy->source.offset = (uint16_t)(one_in(6) ? any() : below(64));
    copy->dest.offset = (uint16_t)(one_in(6) ? any() : below(64));
}

/* One element of a grant call's list: its size. Of commands not named here the list is one of
 * random words. */
static size_t fill_grant(unsigned command, union grant_op *op)
{
    switch (command) {
    case GNTTABOP_map_grant_ref:
        fill_map(&op->map);
        return sizeof(op->map);
    case GNTTABOP_unmap_grant_ref:
        op->unmap.host_addr = one_in(3) ? 0 : some_va();
        op->unmap.dev_bus_addr = one_in(10) ? any() : 0;
        op->unmap.handle = one_in(10) ? (unsigned)some_number() : below(32);
        return sizeof(op->unmap);
    case GNTTABOP_copy:
        fill_copy(&op->copy);
        return sizeof(op->copy);
    case GNTTABOP_transfer:
        op->transfer.mfn = one_in(4) ? some_mfn() : spare_frames[below(SPARES)];
        op->transfer.domid = one_in(6) ? (domid_t)some_domain() : (domid_t)below(2);
        op->transfer.ref = some_ref();
        return sizeof(op->transfer);
    case GNTTABOP_setup_table:
        op->setup = (struct gnttab_setup_table){.dom = DOMID_SELF, .nr_frames = below(8)};
        set_xen_guest_handle(op->setup.frame_list, some_room(64 * sizeof(xen_pfn_t)));
        return sizeof(op->setup);
    default:
        return sizeof(*op);
    }
}

static void make_grant(struct call *call)
{
    static const unsigned commands[] = {GNTTABOP_map_grant_ref, GNTTABOP_unmap_grant_ref,
                                        GNTTABOP_unmap_grant_ref, GNTTABOP_copy};
    unsigned command = one_in(5) ? below(14) : commands[below(4)];
    unsigned count = one_in(20) ? below(GRANT_LIST_MAX) : 1;
    char *ops = some_room((count + 1) * sizeof(union grant_op)), *at = ops;

    for (unsigned i = 0; i < count && is_room(ops); i++)
        at += fill_grant(command, (union grant_op *)at);
    *call = (struct call){__HYPERVISOR_grant_table_op, {command, (unsigned long)ops, count}};
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

static void make_any(struct call *call)
{
    unsigned which = below(ARRAY_SIZE(list));

    *call = (struct call){.op = list[which].number};
    for (unsigned i = 0; i < list[which].nargs; i++)
        call->args[i] = some_word();
    /* Most have a number for what is to be done, and its argument behind it, with room for the
     * longest answer: a shorter one would lie over the arguments of the calls that follow. */
    if (list[which].nargs >= 2 && !one_in(4)) {
        call->args[0] = below(40);
        call->args[list[which].nargs - 1] =
            (unsigned long)some_room(sizeof(xen_capabilities_info_t));
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

/* Whether an address is of this guest's memory, not only of what calls are made in. */
static bool is_ours(unsigned long at)
{
    return at >= VIRT_BASE && at - VIRT_BASE < start_info->nr_pages << PAGE_SHIFT;
}

/* Whether an address is of that memory, and not of a page to play with. */
static bool is_needed(unsigned long at)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (at - (unsigned long)play_pages[i] < PAGE_SIZE)
            return false;
    return is_ours(at);
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
        return call->args[0] < 9 &&
               !(is_room((void *)call->args[1]) &&
                 is_gentle_wait((unsigned)call->args[0], (void *)call->args[1]));
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
        return is_room(op) && !is_gentle((const struct xen_domctl *)op);
    case __HYPERVISOR_ringfort_op:
        return is_room((void *)call->args[1]) &&
               !is_gentle_schedule((unsigned)call->args[0], (void *)call->args[1]);
    /* Once given, Ringfort has this page for good. */
    case __HYPERVISOR_physdev_op:
        op = (const uint32_t *)call->args[1];
        return (call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v1 ||
                call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v2) &&
               is_room(op) && is_private(*op);
    /* Results would be written over what is behind the list. */
    case __HYPERVISOR_multicall:
        return is_ours(call->args[0]);
    case __HYPERVISOR_grant_table_op:
        return is_ours(call->args[1]) &&
               (call->args[2] > GRANT_LIST_MAX ||
                (call->args[0] == GNTTABOP_transfer &&
                 (!is_room((void *)call->args[1]) ||
                  is_loss((const struct gnttab_transfer *)call->args[1], call->args[2]))));
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return is_needed(call->args[0]);
    default:
        return false;
    }
}

static void make_one(struct call *call)
{
    if (random_seed % CONTROL_SEEDS == 0 && one_in(2)) {
        call_make_control(call);
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
        if (one_in(4))
            call_make_hardware(call);
        else
            make_register(call);
        return;
    case 16:
        call_make_control(call);
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

/* Whether what a call does to this guest is said in its structure. */
static bool is_told_in_memory(const struct call *call)
{
    switch (call->op) {
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_physdev_op:
    case __HYPERVISOR_ringfort_op:
        return true;
    default:
        return false;
    }
}

static void make_batch(struct call *call)
{
    unsigned count = 1 + below(5);
    struct multicall_entry *entries = some_room(count * sizeof(*entries));

    for (unsigned i = 0; i < count && is_room(entries); i++) {
        struct call inner;

        /* An answer to a call before could be written over the structure. */
        do
            make_alive(&inner);
        while (i && is_told_in_memory(&inner));
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

/* An outcome: the call's number, its command, and the error (0: none), as one number. */
#define COMMAND_MAX 128
#define ERRORS_MAX 200
#define OUTCOMES (64 * (COMMAND_MAX + 1) * ERRORS_MAX)
static uint8_t reached[OUTCOMES / 8];

/* The first argument, or what it points to where commands are words of a structure, in a step's
 * memory or on the stack. */
static unsigned command_of(const struct call *call)
{
    unsigned long command = call->args[0], stack = (unsigned long)__builtin_frame_address(0);

    if ((call->op == __HYPERVISOR_domctl || call->op == __HYPERVISOR_sysctl ||
         call->op == __HYPERVISOR_platform_op) &&
        (is_room((void *)command) || command - stack < PAGE_SIZE))
        command = *(uint32_t *)command;
    return command < COMMAND_MAX ? (unsigned)command : COMMAND_MAX;
}

static void note(const struct call *call, long result)
{
    unsigned error = result < 0 && result > -ERRORS_MAX ? (unsigned)-result : 0;
    unsigned bit = ((call->op % 64) * (COMMAND_MAX + 1) + command_of(call)) * ERRORS_MAX + error;
    uint8_t mask = (uint8_t)(1 << bit % 8);

    if (!(__atomic_fetch_or(&reached[bit / 8], mask, __ATOMIC_RELAXED) & mask))
        __atomic_fetch_add(&reached_outcomes, 1, __ATOMIC_RELAXED);
}

void outcomes_print(void)
{
    const char *line = "";
    unsigned count = 0;

    for (unsigned bit = 0; bit < OUTCOMES; bit++) {
        if (!(reached[bit / 8] >> bit % 8 & 1))
            continue;
        line = text("%s %x", line, bit);
        if (++count % 16 == 0 || count == reached_outcomes) {
            print("reached%s\n", line);
            line = "";
        }
    }
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
