/* Ringfort's own hypercall: what Domain0 may ask is answered, checked and takes effect; what is
 * wrong is refused and changes nothing; other domains have the version and an alarm only. A second,
 * unprivileged instance of this guest runs beside Domain0 and tells by its shutdown code how it
 * fared. */
#include "guest.h"
#include "interface/ringfort.h"

#define BAD_VERSION (RINGFORT_INTERFACE_VERSION + 1)
#define UNMAPPED ((void *)0x1000)
#define HYPERVISOR ((void *)NO_ADDRESS)
#define RING 256

static struct ringfort_record records[2 * RING];

static long ringfort_op(unsigned op, const void *arg)
{
    return hypercall2(RINGFORT_HYPERCALL, op, (unsigned long)arg);
}

/* Of each operation with a structure: no memory, Ringfort's memory, another version. */
static void check_arguments(void)
{
    for (unsigned op = RINGFORT_OP_get_vcpu; op <= RINGFORT_OP_alarm; op++) {
        union {
            uint32_t version;
            struct ringfort_vcpu any;
        } u = {.version = BAD_VERSION};

        CHECK_EQ(ringfort_op(op, UNMAPPED), -XEN_EFAULT);
        CHECK_EQ(ringfort_op(op, HYPERVISOR), -XEN_EFAULT);
        CHECK_EQ(ringfort_op(op, &u), -XEN_EACCES);
        u.version = 0;
        CHECK_EQ(ringfort_op(op, &u), -XEN_EACCES);
    }
    CHECK_EQ(ringfort_op(RINGFORT_OP_version, UNMAPPED), RINGFORT_INTERFACE_VERSION);
    CHECK_EQ(ringfort_op(RINGFORT_OP_alarm + 1, UNMAPPED), -XEN_ENOSYS);
    CHECK_EQ(ringfort_op(0xffffffff, UNMAPPED), -XEN_ENOSYS);
}

static struct ringfort_vcpu get_vcpu(unsigned domain, unsigned vcpu)
{
    struct ringfort_vcpu v = {
        .version = RINGFORT_INTERFACE_VERSION, .domain = domain, .vcpu = vcpu};

    CHECK_EQ(ringfort_op(RINGFORT_OP_get_vcpu, &v), 0);
    return v;
}

static void check_get_vcpu(void)
{
    struct ringfort_vcpu before = get_vcpu(0, 0), after;
    uint64_t begin = now();

    CHECK_EQ(before.domain, 0);
    CHECK_EQ(before.vcpu, 0);
    CHECK_EQ(before.state, 0);
    CHECK(before.flags & RINGFORT_VCPU_UP);
    CHECK_EQ(before.weight, 256);
    CHECK_EQ(before.share, 256);
    CHECK(before.dispatches >= 1);
    while (now() - begin < 20 * MILLISECOND)
        ;
    after = get_vcpu(0, 0);
    CHECK(after.time_ns[0] >= before.time_ns[0]);
    CHECK(after.time_ns[0] - before.time_ns[0] + after.time_ns[1] - before.time_ns[1] >=
          20 * MILLISECOND);
    CHECK((int64_t)(after.actual - before.actual) > 0);
    /* What comes after Domain0's last, and after the last of all. */
    CHECK_EQ(get_vcpu(0, 1).domain, BESIDE_DOMAIN);
    after.domain = 0x7fff;
    CHECK_EQ(ringfort_op(RINGFORT_OP_get_vcpu, &after), -XEN_ESRCH);
    after.domain = BESIDE_DOMAIN + 1;
    CHECK_EQ(ringfort_op(RINGFORT_OP_get_vcpu, &after), -XEN_ESRCH);
    after.domain = 0xffff;
    after.vcpu = 0xffff;
    CHECK_EQ(ringfort_op(RINGFORT_OP_get_vcpu, &after), -XEN_ESRCH);
}

static long set_bvt(unsigned domain, unsigned fields, uint64_t value)
{
    struct ringfort_bvt b = {
        .version = RINGFORT_INTERFACE_VERSION,
        .domain = domain,
        .fields = fields,
        .weight = (uint32_t)value,
        .cap = (uint32_t)value,
        .warp_ns = value,
        .warp_limit_ns = value,
        .unwarp_ns = value,
    };

    return ringfort_op(RINGFORT_OP_set_bvt, &b);
}

static void check_set_bvt(void)
{
    struct ringfort_vcpu v, was = get_vcpu(BESIDE_DOMAIN, 0);
    struct ringfort_bvt b = {.version = RINGFORT_INTERFACE_VERSION, .pad = 1};

    CHECK_EQ(set_bvt(BESIDE_DOMAIN, RINGFORT_BVT_WEIGHT, 0), -XEN_EINVAL);
    CHECK_EQ(set_bvt(BESIDE_DOMAIN, RINGFORT_BVT_WEIGHT, RINGFORT_WEIGHT_MAX + 1), -XEN_EINVAL);
    CHECK_EQ(set_bvt(BESIDE_DOMAIN, RINGFORT_BVT_CAP, RINGFORT_CAP_MAX + 1), -XEN_EINVAL);
    for (unsigned field = RINGFORT_BVT_WARP; field <= RINGFORT_BVT_UNWARP; field *= 2) {
        CHECK_EQ(set_bvt(BESIDE_DOMAIN, field, RINGFORT_WARP_MAX_NS + 1), -XEN_EINVAL);
        CHECK_EQ(set_bvt(BESIDE_DOMAIN, field, UINT64_MAX), -XEN_EINVAL);
    }
    CHECK_EQ(set_bvt(BESIDE_DOMAIN, 32, 1), -XEN_EINVAL);
    CHECK_EQ(ringfort_op(RINGFORT_OP_set_bvt, &b), -XEN_EINVAL);
    CHECK_EQ(set_bvt(4711, RINGFORT_BVT_WEIGHT, 1), -XEN_ESRCH);
    CHECK_EQ(set_bvt(DOMID_XEN, RINGFORT_BVT_WEIGHT, 1), -XEN_ESRCH);
    v = get_vcpu(BESIDE_DOMAIN, 0);
    CHECK(v.weight == was.weight && v.cap == was.cap && v.warp_ns == was.warp_ns &&
          v.warp_limit_ns == was.warp_limit_ns && v.unwarp_ns == was.unwarp_ns);

    CHECK_EQ(set_bvt(BESIDE_DOMAIN, 0, 77), 0);
    CHECK_EQ(get_vcpu(BESIDE_DOMAIN, 0).weight, was.weight);
    CHECK_EQ(set_bvt(BESIDE_DOMAIN, 31, 1000), 0);
    v = get_vcpu(BESIDE_DOMAIN, 0);
    CHECK(v.weight == 1000 && v.cap == 1000 && v.warp_ns == 1000 && v.warp_limit_ns == 1000 &&
          v.unwarp_ns == 1000);
    CHECK_EQ(set_bvt(BESIDE_DOMAIN, RINGFORT_BVT_WARP | RINGFORT_BVT_CAP, 0), 0);
    v = get_vcpu(BESIDE_DOMAIN, 0);
    CHECK(v.weight == 1000 && v.cap == 0 && v.warp_ns == 0 && v.unwarp_ns == 1000);
    CHECK(!(v.flags & RINGFORT_VCPU_WARPED));
    /* Its own too. */
    CHECK_EQ(set_bvt(DOMID_SELF, RINGFORT_BVT_WEIGHT, 512), 0);
    CHECK_EQ(get_vcpu(0, 0).weight, 512);
    CHECK_EQ(set_bvt(DOMID_SELF, RINGFORT_BVT_WEIGHT, 256), 0);
}

static long set_allowance(uint64_t ns)
{
    struct ringfort_allowance a = {
        .version = RINGFORT_INTERFACE_VERSION, .set = 1, .allowance_ns = ns};

    return ringfort_op(RINGFORT_OP_allowance, &a);
}

static void check_allowance(void)
{
    struct ringfort_allowance a = {.version = RINGFORT_INTERFACE_VERSION};

    CHECK_EQ(ringfort_op(RINGFORT_OP_allowance, &a), 0);
    CHECK_EQ(a.allowance_ns, 5 * MILLISECOND);
    CHECK_EQ(set_allowance(RINGFORT_ALLOWANCE_MIN_NS - 1), -XEN_EINVAL);
    CHECK_EQ(set_allowance(RINGFORT_ALLOWANCE_MAX_NS + 1), -XEN_EINVAL);
    CHECK_EQ(set_allowance(2 * MILLISECOND), 0);
    CHECK_EQ(ringfort_op(RINGFORT_OP_allowance, &a), 0);
    CHECK_EQ(a.allowance_ns, 2 * MILLISECOND);
    CHECK_EQ(set_allowance(5 * MILLISECOND), 0);
    a.set = 2;
    CHECK_EQ(ringfort_op(RINGFORT_OP_allowance, &a), -XEN_EINVAL);
}

static long trace(uint32_t classes, uint32_t size)
{
    struct ringfort_trace t = {
        .version = RINGFORT_INTERFACE_VERSION, .set = 1, .classes = classes, .records = size};

    return ringfort_op(RINGFORT_OP_trace, &t);
}

static long trace_read(struct ringfort_trace_read *t, void *to, unsigned count)
{
    t->version = RINGFORT_INTERFACE_VERSION;
    t->buffer = (unsigned long)to;
    t->count = count;
    return ringfort_op(RINGFORT_OP_trace_read, t);
}

static void check_trace_refusals(void)
{
    struct ringfort_trace_read r = {0};

    CHECK_EQ(trace_read(&r, records, RING), -XEN_ENODATA);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL + 1, RING), -XEN_EINVAL);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, 0), -XEN_EINVAL);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, RING + 1), -XEN_EINVAL);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, 32), -XEN_EINVAL);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, 2 * RINGFORT_TRACE_RECORDS_MAX), -XEN_EINVAL);
    CHECK_EQ(trace(0, 0), 0);
    CHECK_EQ(trace_read(&r, records, RING), -XEN_ENODATA);
}

/* Reads all there is: the calls made here are in it, in order, with their results. */
static void check_trace_contents(struct ringfort_trace_read *r)
{
    unsigned calls = 0, first = 0;

    r->cursor = 0;
    CHECK_EQ(trace_read(r, records, RING), 0);
    CHECK(r->count >= 100 && r->count < RING);
    CHECK_EQ(r->lost, 0);
    CHECK_EQ(r->cursor, r->count);
    for (unsigned i = 0; i < r->count; i++) {
        const struct ringfort_record *e = &records[i];

        CHECK(i == 0 || e->time_ns >= records[i - 1].time_ns);
        CHECK(e->cpu == 0);
        if (e->event == RINGFORT_EVENT_HYPERCALL && e->domain == 0 && e->args[0] >> 48 == 11)
            calls += (int64_t)e->args[1] == -XEN_ENOSYS;
        if (e->event == RINGFORT_EVENT_DISPATCH && e->domain == 0)
            first++;
    }
    CHECK_EQ(calls, 100);
    CHECK(first >= 1);
}

static void check_trace(void)
{
    struct ringfort_trace_read r = {0};
    struct ringfort_trace t = {.version = RINGFORT_INTERFACE_VERSION};

    check_trace_refusals();
    CHECK_EQ(trace(RINGFORT_TRACE_SCHED | RINGFORT_TRACE_HYPERCALL, RING), 0);
    for (unsigned i = 0; i < 100; i++)
        hypercall0(11);
    check_trace_contents(&r);
    CHECK_EQ(ringfort_op(RINGFORT_OP_trace, &t), 0);
    CHECK(t.records == RING && t.cpus == 1 && t.now_ns >= records[0].time_ns);
    CHECK_EQ(t.classes, RINGFORT_TRACE_SCHED | RINGFORT_TRACE_HYPERCALL);

    /* More than fit: the newest are there, the others counted. */
    for (unsigned i = 0; i < 2 * RING; i++)
        hypercall0(11);
    CHECK_EQ(trace_read(&r, records, 2 * RING), 0);
    CHECK(r.count >= RING - 1 && r.count <= RING);
    CHECK(r.lost > RING);
    CHECK_EQ(trace_read(&r, UNMAPPED, RING), -XEN_EFAULT);
    CHECK_EQ(trace_read(&r, HYPERVISOR, RING), -XEN_EFAULT);
    CHECK_EQ(trace_read(&r, records, 0), 0);
    CHECK_EQ(r.count, 0);
    r.cursor = UINT64_MAX;
    CHECK_EQ(trace_read(&r, records, 1), 0);
    CHECK_EQ(r.count, 1);
    r.cpu = 1;
    CHECK_EQ(trace_read(&r, records, 1), -XEN_EINVAL);
    r.cpu = UINT32_MAX;
    CHECK_EQ(trace_read(&r, records, 1), -XEN_EINVAL);
    r.cpu = 0;

    /* Stopped, what is there stays. Another size begins anew. */
    CHECK_EQ(trace(0, RING), 0);
    r.cursor = 0;
    CHECK_EQ(trace_read(&r, records, 2 * RING), 0);
    CHECK(r.count >= RING - 1);
    hypercall0(11);
    CHECK_EQ(trace_read(&r, records, RING), 0);
    CHECK_EQ(r.count, 0);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, RINGFORT_TRACE_RECORDS_MAX), 0);
    CHECK_EQ(trace(RINGFORT_TRACE_ALL, 64), 0);
    r.cursor = 0;
    CHECK_EQ(trace_read(&r, records, RING), 0);
    CHECK(r.count < 64);
    CHECK_EQ(trace(0, 0), 0);
}

/* Everything that Domain0 may do, as somebody else: nothing but the version
 * and its own alarm. */
static void __attribute__((noreturn)) attack(void)
{
    struct sched_shutdown shutdown = {.reason = SHUTDOWN_poweroff};
    union {
        uint32_t version;
        struct ringfort_vcpu any;
    } u = {.version = RINGFORT_INTERFACE_VERSION};
    bool held = ringfort_op(RINGFORT_OP_version, NULL) == RINGFORT_INTERFACE_VERSION;

    held = held && ringfort_op(RINGFORT_OP_alarm, &u) == 0;
    for (unsigned op = RINGFORT_OP_get_vcpu; op < 64; op++)
        held = held && (op == RINGFORT_OP_alarm || (ringfort_op(op, &u) == -XEN_EPERM &&
                                                    ringfort_op(op, UNMAPPED) == -XEN_EPERM &&
                                                    ringfort_op(op, HYPERVISOR) == -XEN_EPERM));
    if (!held)
        shutdown.reason = SHUTDOWN_crash;
    for (;;)
        sched_op(SCHEDOP_shutdown, &shutdown);
}

void test(void)
{
    if (is_beside())
        attack();
    beside_wait(10 * SECOND);
    check_arguments();
    check_get_vcpu();
    check_set_bvt();
    check_allowance();
    check_trace();
}
