/* Everything that changes a vCPU from outside, at once (advisories 149, 151, 296, 343: a vCPU or
 * domain taken apart while somebody still uses it). The vCPUs of one domain start, stop, interrupt
 * and move each other's areas and timers; Domain0 pauses the domain, reads and sets its registers,
 * moves and weighs its vCPUs, logs its pages, and in the end destroys it from two vCPUs while it
 * runs. What must hold: Ringfort lives, every call answers, and no count is left behind. */
#include "guest.h"

#include "interface/ringfort.h"

#define WORKERS 4 /* beside the domain's first vCPU */
#define SPAN (3 * SECOND)
#define AREA_BYTES 512

static char areas[WORKERS + 1][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
/* What keeps events out stands in these: an area on top of it would let one in upon the other,
 * until there is no stack left. */
static char infos[WORKERS + 1][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static volatile unsigned ended, nmis;
static volatile bool checked;

/* Each caller has its own sequence. */
static unsigned below(uint32_t *seed, unsigned n)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % n;
}

/* Somewhere in an area, or where nothing is. */
static uint64_t some_address(uint32_t *seed)
{
    if (!below(seed, 4))
        return 0x1000;
    return (unsigned long)areas[below(seed, WORKERS + 1)] + below(seed, PAGE_SIZE - AREA_BYTES);
}

static void poll_ports(uint32_t *seed)
{
    evtchn_port_t ports[2] = {below(seed, 8), below(seed, 8)};
    struct sched_poll poll = {.nr_ports = 1 + below(seed, 2), .timeout = now() + MILLISECOND};

    set_xen_guest_handle(poll.ports, ports);
    sched_op(SCHEDOP_poll, &poll);
}

static void set_timers(uint32_t *seed, unsigned vcpu)
{
    struct vcpu_set_periodic_timer periodic = {.period_ns = MILLISECOND};
    struct vcpu_set_singleshot_timer once = {.timeout_abs_ns = now() + below(seed, 1000000)};
    struct ringfort_alarm alarm = {
        .version = RINGFORT_INTERFACE_VERSION, .set = 1, .at_ns = below(seed, 1u << 31)};

    switch (below(seed, 4)) {
    case 0:
        vcpu_op(VCPUOP_set_periodic_timer, vcpu, &periodic);
        break;
    case 1:
        vcpu_op(VCPUOP_stop_periodic_timer, vcpu, NULL);
        break;
    case 2:
        vcpu_op(VCPUOP_set_singleshot_timer, vcpu, &once);
        break;
    default:
        hypercall2(RINGFORT_HYPERCALL, RINGFORT_OP_alarm, (unsigned long)&alarm);
    }
}

static void set_areas(uint32_t *seed, unsigned vcpu)
{
    union {
        struct vcpu_register_runstate_memory_area runstate;
        struct vcpu_register_time_memory_area time;
        struct vcpu_register_vcpu_info info;
    } u = {0};

    switch (below(seed, 3)) {
    case 0:
        u.runstate.addr.p = some_address(seed);
        vcpu_op(VCPUOP_register_runstate_memory_area, vcpu, &u);
        break;
    case 1:
        u.time.addr.p = some_address(seed);
        vcpu_op(VCPUOP_register_vcpu_time_memory_area, vcpu, &u);
        break;
    default:
        u.info.mfn = va_to_mfn(infos[vcpu]);
        u.info.offset = below(seed, 8) * 64;
        vcpu_op(VCPUOP_register_vcpu_info, vcpu, &u);
    }
}

static void worker(unsigned self);

static void start_anew(unsigned vcpu)
{
    static struct vcpu_guest_context contexts[MAX_VCPUS];

    vcpu_context(&contexts[vcpu], vcpu, worker);
    vcpu_op(VCPUOP_initialise, vcpu, &contexts[vcpu]);
    vcpu_op(VCPUOP_up, vcpu, NULL);
}

/* `self` may be switched off by another at any time, or by itself. */
static void disturb(uint32_t *seed, unsigned self)
{
    unsigned vcpu = 1 + below(seed, WORKERS);
    struct vcpu_runstate_info runstate;

    switch (below(seed, 16)) {
    case 0 ... 3:
        vcpu_op(VCPUOP_up, vcpu, NULL);
        break;
    case 4:
        vcpu_op(VCPUOP_down, vcpu, NULL);
        break;
    case 5:
        start_anew(vcpu);
        break;
    case 6:
        vcpu_op(VCPUOP_send_nmi, vcpu, NULL);
        break;
    case 7 ... 8:
        set_timers(seed, below(seed, 2) ? vcpu : self);
        break;
    case 9 ... 10:
        set_areas(seed, vcpu);
        break;
    case 11:
        poll_ports(seed);
        break;
    case 12:
        vcpu_op(VCPUOP_get_runstate_info, vcpu, &runstate);
        break;
    case 13:
        event_send(1 + below(seed, 8));
        break;
    case 14:
        event_bind_vcpu(1 + below(seed, 8), vcpu);
        break;
    default:
        sched_op(SCHEDOP_yield, NULL);
    }
}

static void worker(unsigned self)
{
    uint32_t seed = (uint32_t)rdtsc();

    for (;;)
        disturb(&seed, self);
}

static bool nmi(struct trap_frame *f)
{
    (void)f;
    nmis++;
    return true;
}

/* Until Domain0 ends it. */
static void suffer(void)
{
    uint32_t seed = 99;

    trap_hook(TRAP_NMI, nmi);
    event_disable();
    for (unsigned i = 0; i < 7; i++)
        if (event_bind_ipi(i % (WORKERS + 1)) < 0)
            check_abort("no port");
    for (;;)
        disturb(&seed, 0);
}

static long control(struct xen_domctl *op, uint32_t cmd)
{
    return domctl(op, cmd, BESIDE_DOMAIN);
}

/* What was read is set again, while the domain stands still. */
static void copy_registers(unsigned self, unsigned vcpu)
{
    static struct vcpu_guest_context contexts[2];
    struct xen_domctl pause, op = {.u.vcpucontext.vcpu = vcpu};

    control(&pause, XEN_DOMCTL_pausedomain);
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &contexts[self]);
    if (!control(&op, XEN_DOMCTL_getvcpucontext))
        control(&op, XEN_DOMCTL_setvcpucontext);
    control(&pause, XEN_DOMCTL_unpausedomain);
}

static void move(uint32_t *seed, unsigned vcpu)
{
    uint64_t cpus = 1 + below(seed, 3);
    struct xen_domctl op = {.u.vcpuaffinity = {.vcpu = vcpu, .flags = 1 + below(seed, 3)}};

    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&cpus);
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_soft.bitmap, (uint8_t *)&cpus);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = op.u.vcpuaffinity.cpumap_soft.nr_bits = 64;
    control(&op, XEN_DOMCTL_setvcpuaffinity);
}

static void weigh(uint32_t *seed)
{
    struct ringfort_bvt bvt = {
        .version = RINGFORT_INTERFACE_VERSION,
        .domain = BESIDE_DOMAIN,
        .fields = 31,
        .weight = 1 + below(seed, 65535),
        .cap = below(seed, 2) ? 0 : 20 + below(seed, 200),
        .warp_ns = below(seed, 3) * 10 * MILLISECOND,
        .warp_limit_ns = below(seed, 3) * MILLISECOND,
        .unwarp_ns = below(seed, 3) * MILLISECOND,
    };

    hypercall2(RINGFORT_HYPERCALL, RINGFORT_OP_set_bvt, (unsigned long)&bvt);
}

static void trace(uint32_t *seed)
{
    uint32_t classes = below(seed, 16);
    struct ringfort_trace t = {.version = RINGFORT_INTERFACE_VERSION,
                               .set = 1,
                               .classes = classes,
                               .records = classes ? 64u << below(seed, 4) : 0};

    hypercall2(RINGFORT_HYPERCALL, RINGFORT_OP_trace, (unsigned long)&t);
}

static void log_pages(uint32_t *seed)
{
    static const uint32_t ops[] = {XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, XEN_DOMCTL_SHADOW_OP_OFF,
                                   XEN_DOMCTL_SHADOW_OP_CLEAN, XEN_DOMCTL_SHADOW_OP_PEEK};
    static uint8_t bits[PAGE_SIZE];
    struct xen_domctl op = {.u.shadow_op = {.op = ops[below(seed, 4)], .pages = 8 * sizeof(bits)}};

    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bits);
    control(&op, XEN_DOMCTL_shadow_op);
}

static void extended(unsigned self, unsigned vcpu)
{
    static uint64_t images[2][PAGE_SIZE / sizeof(uint64_t)];
    struct xen_domctl op = {.u.vcpuextstate.vcpu = vcpu};

    if (control(&op, XEN_DOMCTL_getvcpuextstate) || op.u.vcpuextstate.size > PAGE_SIZE)
        return;
    set_xen_guest_handle(op.u.vcpuextstate.buffer, images[self]);
    if (!control(&op, XEN_DOMCTL_getvcpuextstate))
        control(&op, XEN_DOMCTL_setvcpuextstate);
}

static void govern(uint32_t *seed, unsigned self)
{
    unsigned vcpu = below(seed, WORKERS + 2);
    struct xen_domctl op = {.u.getvcpuinfo.vcpu = vcpu};

    switch (below(seed, 10)) {
    case 0 ... 1:
        copy_registers(self, vcpu);
        break;
    case 2 ... 3:
        move(seed, vcpu);
        break;
    case 4:
        weigh(seed);
        break;
    case 5:
        trace(seed);
        break;
    case 6:
        log_pages(seed);
        break;
    case 7:
        extended(self, vcpu);
        break;
    case 8:
        control(&op, below(seed, 2) ? XEN_DOMCTL_getvcpuinfo : XEN_DOMCTL_getdomaininfo);
        break;
    default:
        op.u.max_vcpus.max = WORKERS + 1;
        control(&op, XEN_DOMCTL_max_vcpus);
    }
}

/* All vCPUs have run until now, and the domain has not ended by itself. */
static void check_alive(void)
{
    struct xen_domctl op = {.domain = BESIDE_DOMAIN};

    CHECK_EQ(control(&op, XEN_DOMCTL_getdomaininfo), 0);
    CHECK(!(op.u.getdomaininfo.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)));
    for (unsigned vcpu = 0; vcpu <= WORKERS; vcpu++) {
        op.u.getvcpuinfo.vcpu = vcpu;
        CHECK_EQ(control(&op, XEN_DOMCTL_getvcpuinfo), 0);
        print("vCPU %u: %u ms\n", vcpu, (unsigned)(op.u.getvcpuinfo.cpu_time / MILLISECOND));
        CHECK(op.u.getvcpuinfo.cpu_time > 0);
    }
}

/* Both go on while one of them takes the domain apart. */
static void governor(unsigned self)
{
    uint64_t limit = now() + SPAN;
    uint32_t seed = (uint32_t)rdtsc();
    struct xen_domctl destroy;
    unsigned calls = 0;
    long result;

    for (; now() < limit; calls++)
        govern(&seed, self);
    if (self == 0)
        check_alive();
    checked |= self == 0;
    CHECK(WAIT_FOR(checked, 20 * SECOND));
    result = control(&destroy, XEN_DOMCTL_destroydomain);
    CHECK(result == 0 || result == -XEN_ESRCH);
    for (unsigned i = 0; i < 200; i++)
        govern(&seed, self);
    print("%u calls\n", calls);
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

void test(void)
{
    struct ringfort_trace off = {.version = RINGFORT_INTERFACE_VERSION, .set = 1};

    if (is_beside())
        suffer();
    MUST(vcpu_launch(1, governor));
    governor(0);
    REQUIRE(WAIT_FOR(ended == 2, 20 * SECOND));
    MUST(hypercall2(RINGFORT_HYPERCALL, RINGFORT_OP_trace, (unsigned long)&off));
    check_recount();
}
