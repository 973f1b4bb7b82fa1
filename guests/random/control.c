/* Calls of the tools'. */
#include "random.h"

#include "interface/ringfort.h"

#include <xen/platform.h>
#include <xen/sysctl.h>

#define DOMAINS_FIRST 2 /* of those that calls may have made */
#define DOMAINS 3
#define WEIGHT_LEAST 128
#define WEIGHT_MOST 1024
#define ALLOWANCE_MOST (20 * MILLISECOND)
#define BESIDE_KIB (16 << 10)
#define DOMAIN0_KIB (128 << 10)
#define MORE_KIB (4 << 10)

/* The registers of a 64-bit vCPU as Domain0 of either width gives them: words of what matters. */
#define CONTEXT_BYTES 5168
#define CONTEXT_FLAGS (512 / 4)
#define CONTEXT_CR3 (5008 / 4)

static long control(struct xen_domctl *op, unsigned domain, uint32_t command)
{
    struct call call = {__HYPERVISOR_domctl, {(unsigned long)op}};

    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)domain;
    return call_run(&call);
}

static unsigned some_made(void)
{
    return DOMAINS_FIRST + below(DOMAINS);
}

static bool is_near(unsigned domain)
{
    return domain < DOMAINS_FIRST || domain == DOMID_SELF;
}

/* A domain that can be made, more or less. */
static void fill_creation(struct xen_domctl *op)
{
    op->domain = (domid_t)some_made();
    memset(&op->u, 0, sizeof(op->u));
    op->u.createdomain = (struct xen_domctl_createdomain){.max_vcpus = 1 + below(3),
                                                          .max_evtchn_port = 1 + below(2000),
                                                          .max_grant_frames = 1 + (int)below(40),
                                                          .max_maptrack_frames = 1 + (int)below(40),
                                                          .grant_opts = 1};
    if (one_in(4))
        ((uint32_t *)&op->u)[below(16)] = (uint32_t)some_number();
}

static void fill_affinity(struct xen_domctl_vcpuaffinity *op)
{
    uint64_t *maps = some_room(2 * sizeof(*maps));

    if (is_room(maps))
        for (unsigned i = 0; i < 2; i++)
            maps[i] = one_in(6) ? any() : 1 + below(3);
    *op = (struct xen_domctl_vcpuaffinity){.vcpu = below(4), .flags = below(4)};
    set_xen_guest_handle(op->cpumap_hard.bitmap, (uint8_t *)&maps[0]);
    set_xen_guest_handle(op->cpumap_soft.bitmap, (uint8_t *)&maps[1]);
    op->cpumap_hard.nr_bits = op->cpumap_soft.nr_bits = one_in(8) ? below(65) : 64;
}

/* The log is of some megabytes: seldom looked at. */
static void fill_log(struct xen_domctl_shadow_op *op)
{
    static const uint32_t ops[] = {XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, XEN_DOMCTL_SHADOW_OP_OFF,
                                   XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK};
    unsigned bytes = one_in(4) ? 64 + below(4000) : BESIDE_KIB / 4 / 8;

    *op = (struct xen_domctl_shadow_op){.op = one_in(12) ? below(40) : ops[below(4)],
                                        .mode = one_in(6) ? below(8) : 0,
                                        .pages = 8 * bytes};
    set_xen_guest_handle(op->dirty_bitmap, (uint8_t *)some_room(bytes));
}

/* What a domain can be told at any time, the two that make the calls included. */
static void fill_setting(struct xen_domctl *op)
{
    unsigned domain = one_in(3) ? some_made() : below(2);

    op->domain = (domid_t)domain;
    memset(&op->u, 0, sizeof(op->u));
    switch (below(8)) {
    case 0 ... 2:
        op->cmd = XEN_DOMCTL_setvcpuaffinity;
        fill_affinity(&op->u.vcpuaffinity);
        return;
    case 3 ... 4:
        op->cmd = XEN_DOMCTL_scheduler_op;
        op->u.scheduler_op =
            (struct xen_domctl_scheduler_op){.sched_id = XEN_SCHEDULER_CREDIT2, .cmd = below(2)};
        op->u.scheduler_op.u.credit2.weight =
            (uint16_t)(WEIGHT_LEAST + below(WEIGHT_MOST - WEIGHT_LEAST));
        if (domain >= DOMAINS_FIRST)
            op->u.scheduler_op.u.credit2.cap = (uint16_t)below(200);
        return;
    case 5 ... 6:
        op->cmd = XEN_DOMCTL_max_mem;
        op->u.max_mem.max_memkb =
            (domain ? domain == BESIDE_DOMAIN ? BESIDE_KIB : 0 : DOMAIN0_KIB) + below(MORE_KIB);
        return;
    default:
        op->cmd = one_in(4) ? XEN_DOMCTL_shadow_op : XEN_DOMCTL_getdomaininfo;
        if (op->cmd == XEN_DOMCTL_shadow_op)
            fill_log(&op->u.shadow_op);
    }
}

/* A frame of a domain that calls have made, which may lack room for one or not be there. */
static mfn_t frame_for(unsigned domain)
{
    struct xen_domctl room = {.u.max_mem.max_memkb = MORE_KIB};
    xen_pfn_t frame = below(16);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = (domid_t)domain};
    struct call call = {__HYPERVISOR_memory_op, {XENMEM_populate_physmap, (unsigned long)&r}};

    set_xen_guest_handle(r.extent_start, &frame);
    control(&room, domain, XEN_DOMCTL_max_mem);
    return call_run(&call) ? frame : some_mfn();
}

/* Registers for a domain that was made: an empty frame is a valid root. It ends with the first
 * instruction, for want of memory, if it is ever let run. */
static void fill_context(struct xen_domctl *op)
{
    struct xen_domctl vcpus = {.u.max_vcpus.max = 1 + below(3)};
    uint32_t *words = some_room(CONTEXT_BYTES);
    unsigned domain = some_made();

    control(&vcpus, domain, XEN_DOMCTL_max_vcpus);
    op->domain = (domid_t)domain;
    op->cmd = XEN_DOMCTL_setvcpucontext;
    memset(&op->u, 0, sizeof(op->u));
    op->u.vcpucontext.vcpu = one_in(3) ? below(3) : 0;
    set_xen_guest_handle(op->u.vcpucontext.ctxt, (void *)words);
    if (!is_room(words))
        return;
    memset(words, 0, CONTEXT_BYTES);
    words[CONTEXT_FLAGS] = VGCF_in_kernel | (one_in(4) ? 0 : VGCF_online);
    words[CONTEXT_CR3] = (uint32_t)frame_for(domain) << PAGE_SHIFT;
    for (unsigned i = below(4); i > 0; i--)
        words[below(CONTEXT_BYTES / 4)] = (uint32_t)some_number();
}

/* The registers of the domain beside this one are read and set again while it stands still: what
 * it does between its steps must not show it. */
static void registers_set_again(void)
{
    struct xen_domctl pause, op = {.u.vcpucontext.vcpu = below(3)};
    struct vcpu_guest_context *context = some_room(sizeof(*context));

    if (!is_room(context) || !control(&pause, BESIDE_DOMAIN, XEN_DOMCTL_pausedomain))
        return;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
    if (control(&op, BESIDE_DOMAIN, XEN_DOMCTL_getvcpucontext))
        control(&op, BESIDE_DOMAIN, XEN_DOMCTL_setvcpucontext);
    control(&pause, BESIDE_DOMAIN, XEN_DOMCTL_unpausedomain);
}

/* One that can be right; whether it is, depends on what was done before. */
static void fill_likely(struct xen_domctl *op)
{
    switch (below(4)) {
    case 0:
        op->cmd = XEN_DOMCTL_createdomain;
        fill_creation(op);
        return;
    case 1:
        fill_context(op);
        return;
    case 2:
        op->cmd = one_in(3) ? XEN_DOMCTL_destroydomain : XEN_DOMCTL_unpausedomain;
        op->domain = (domid_t)some_made();
        return;
    default:
        fill_setting(op);
    }
}

/* Ringfort's own: the scheduler's figures, and the trace. */
static void make_own(struct call *call)
{
    unsigned command = below(8);
    uint32_t *op = some_room(sizeof(struct ringfort_vcpu));

    if (is_room(op) && command == RINGFORT_OP_set_bvt) {
        unsigned domain = one_in(3) ? some_made() : below(2);

        *(struct ringfort_bvt *)op = (struct ringfort_bvt){
            .domain = (uint16_t)domain,
            .fields = one_in(8) ? (unsigned)some_number() : below(32),
            .weight = is_near(domain) ? WEIGHT_LEAST + below(WEIGHT_MOST - WEIGHT_LEAST)
                                      : (unsigned)some_number(),
            .cap = is_near(domain) ? 0 : below(200),
            .warp_ns = below(4) * MILLISECOND,
            .warp_limit_ns = below(4) * MILLISECOND,
            .unwarp_ns = below(4) * MILLISECOND,
        };
    } else if (is_room(op) && command == RINGFORT_OP_trace) {
        *(struct ringfort_trace *)op =
            (struct ringfort_trace){.set = below(2), .classes = below(18), .records = below(2048)};
        if (!one_in(4))
            ((struct ringfort_trace *)op)->records = 64u << below(4);
    } else if (is_room(op) && command == RINGFORT_OP_trace_read) {
        *(struct ringfort_trace_read *)op = (struct ringfort_trace_read){
            .cpu = below(3),
            .cursor = one_in(3) ? some_number() : 0,
            .buffer = (unsigned long)some_room(20 * sizeof(struct ringfort_record)),
            .count = below(20)};
    }
    if (is_room(op))
        op[0] = one_in(20) ? (uint32_t)some_number() : RINGFORT_INTERFACE_VERSION;
    *call = (struct call){RINGFORT_HYPERCALL, {command, (unsigned long)op}};
}

/* What tools ask of Ringfort, mostly about domains that were made in this way. Where a list may be,
 * its address is one near the end of a page with nothing behind it, however long it is said to be.
 */
static void make_operation(struct call *call)
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
        if (kinds[kind].number == __HYPERVISOR_domctl && one_in(2))
            fill_likely((struct xen_domctl *)op);
    }
    *call = (struct call){kinds[kind].number, {(unsigned long)op}};
}

/* Waiting for ports with a time-out, and the end of a domain that was made. */
static void make_wait(struct call *call)
{
    union {
        struct sched_poll poll;
        struct sched_remote_shutdown shutdown;
    } *op = some_room(sizeof(*op));
    evtchn_port_t *ports = some_room(8 * sizeof(*ports));
    bool polls = !one_in(3);

    if (is_room(ports))
        for (unsigned i = 0; i < 8; i++)
            ports[i] = some_port();
    if (is_room(op) && polls) {
        op->poll =
            (struct sched_poll){.nr_ports = one_in(12) ? (unsigned)some_number() : below(8),
                                .timeout = 1 + (one_in(2) ? kept_now() + below(MILLISECOND) : 0)};
        set_xen_guest_handle(op->poll.ports, ports);
    } else if (is_room(op)) {
        op->shutdown =
            (struct sched_remote_shutdown){.domain_id = (domid_t)some_made(), .reason = below(8)};
    }
    *call = (struct call){__HYPERVISOR_sched_op,
                          {polls ? SCHEDOP_poll : SCHEDOP_remote_shutdown, (unsigned long)op}};
}

static void make_resource(struct call *call)
{
    struct xen_mem_acquire_resource *op = some_room(sizeof(*op));
    xen_pfn_t *frames = some_room(8 * sizeof(*frames));

    if (is_room(op)) {
        *op = (struct xen_mem_acquire_resource){
            .domid = one_in(3) ? (domid_t)some_made() : (domid_t)below(2),
            .type = one_in(8) ? (uint16_t)below(4) : XENMEM_resource_grant_table,
            .id = one_in(8),
            .nr_frames = one_in(8) ? (unsigned)some_number() : below(8),
            .frame = one_in(8) ? (unsigned)some_number() : below(4)};
        if (op->nr_frames > 8 && is_room(frames))
            frames = (xen_pfn_t *)some_brink();
        if (op->nr_frames || one_in(2))
            set_xen_guest_handle(op->frame_list, frames);
    }
    *call = (struct call){__HYPERVISOR_memory_op, {XENMEM_acquire_resource, (unsigned long)op}};
}

void call_make_control(struct call *call)
{
    switch (below(20)) {
    case 0 ... 1:
        make_own(call);
        return;
    case 2:
        make_wait(call);
        return;
    case 3:
        make_resource(call);
        return;
    }
    if (!is_beside() && one_in(20))
        registers_set_again();
    make_operation(call);
}

static bool is_weight_gentle(unsigned weight, unsigned cap)
{
    return cap == 0 && weight <= WEIGHT_MOST && (weight >= WEIGHT_LEAST || weight == 0);
}

static bool is_room_gentle(unsigned domain, uint64_t kib)
{
    uint64_t least = domain == BESIDE_DOMAIN ? BESIDE_KIB : DOMAIN0_KIB;

    return kib >= least && kib < least + MORE_KIB;
}

bool is_gentle(const struct xen_domctl *op)
{
    static const unsigned gentle[] = {
        XEN_DOMCTL_getdomaininfo,   XEN_DOMCTL_getvcpucontext,   XEN_DOMCTL_getvcpuinfo,
        XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_settimeoffset,    XEN_DOMCTL_get_ext_vcpucontext,
        XEN_DOMCTL_gettscinfo,      XEN_DOMCTL_get_address_size, XEN_DOMCTL_getpageframeinfo3,
        XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_vcpu_msrs,    XEN_DOMCTL_getnodeaffinity,
        XEN_DOMCTL_setnodeaffinity, XEN_DOMCTL_get_cpu_policy,   XEN_DOMCTL_max_vcpus,
        XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_shadow_op,
    };

    if (!is_near(op->domain))
        return true;
    if (op->cmd == XEN_DOMCTL_max_mem)
        return is_room_gentle(op->domain, op->u.max_mem.max_memkb);
    if (op->cmd == XEN_DOMCTL_scheduler_op)
        return is_weight_gentle(op->u.scheduler_op.u.credit2.weight,
                                op->u.scheduler_op.u.credit2.cap);
    for (unsigned i = 0; i < ARRAY_SIZE(gentle); i++)
        if (gentle[i] == op->cmd)
            return true;
    return false;
}

bool is_gentle_schedule(unsigned command, const void *argument)
{
    const struct ringfort_bvt *b = argument;
    const struct ringfort_allowance *a = argument;

    if (command == RINGFORT_OP_allowance)
        return !a->set || a->allowance_ns < ALLOWANCE_MOST;
    if (command != RINGFORT_OP_set_bvt || !is_near(b->domain))
        return true;
    return is_weight_gentle(b->weight, b->cap) && b->warp_ns < 10 * MILLISECOND;
}

bool is_gentle_wait(unsigned command, const void *argument)
{
    const struct sched_poll *poll = argument;
    const struct sched_remote_shutdown *shutdown = argument;

    switch (command) {
    case SCHEDOP_yield:
        return true;
    case SCHEDOP_poll:
        return poll->timeout && poll->timeout < kept_now() + 10 * MILLISECOND;
    case SCHEDOP_remote_shutdown:
        return !is_near(shutdown->domain_id);
    default:
        return false;
    }
}
