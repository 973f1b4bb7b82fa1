/* An alarm in virtual time comes when its vCPU has run for so long, neither before nor when the
 * vCPU waits instead; each vCPU has its own, and takes it along from processor to processor. */
#include "guest.h"

#include "interface/ringfort.h"

#define LONG_ENOUGH (10 * SECOND)
#define MOVES 40

static unsigned cpus;
static volatile unsigned other_alarms;
static volatile bool other_runs, stop_other;

static long ringfort_op(unsigned op, const void *arg)
{
    return hypercall2(RINGFORT_HYPERCALL, op, (unsigned long)arg);
}

static struct ringfort_alarm alarm_state(void)
{
    struct ringfort_alarm a = {.version = RINGFORT_INTERFACE_VERSION};

    CHECK_EQ(ringfort_op(RINGFORT_OP_alarm, &a), 0);
    return a;
}

static uint64_t virtual_now(void)
{
    return alarm_state().now_ns;
}

static long set_alarm(uint64_t at)
{
    struct ringfort_alarm a = {.version = RINGFORT_INTERFACE_VERSION, .set = 1, .at_ns = at};

    return ringfort_op(RINGFORT_OP_alarm, &a);
}

static void check_refusals(void)
{
    struct ringfort_alarm a = {.version = RINGFORT_INTERFACE_VERSION, .set = 2};

    CHECK_EQ(ringfort_op(RINGFORT_OP_alarm, &a), -XEN_EINVAL);
    CHECK_EQ(set_alarm(RINGFORT_ALARM_MAX_NS + 1), -XEN_EINVAL);
    CHECK_EQ(set_alarm(UINT64_MAX), -XEN_EINVAL);
    a.version++;
    CHECK_EQ(ringfort_op(RINGFORT_OP_alarm, &a), -XEN_EACCES);
    CHECK_EQ(ringfort_op(RINGFORT_OP_alarm, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(alarm_state().at_ns, 0);
}

/* One alarm, waited for without giving the processor away: not before its time. */
static void run_until_alarm(unsigned port, uint64_t ahead)
{
    uint64_t begin = now(), at = virtual_now() + ahead;

    event_count[port] = 0;
    CHECK_EQ(set_alarm(at), 0);
    CHECK(WAIT_FOR(event_count[port], LONG_ENOUGH));
    CHECK(virtual_now() >= at);
    CHECK(now() - begin >= ahead);
    CHECK_EQ(event_count[port], 1);
    CHECK_EQ(alarm_state().at_ns, 0);
}

static void check_set_and_cancel(unsigned port)
{
    uint64_t at = virtual_now() + 100 * MILLISECOND;

    /* Far enough for both calls on a loaded host. */
    event_count[port] = 0;
    CHECK_EQ(set_alarm(at), 0);
    CHECK_EQ(set_alarm(0), 0);
    CHECK_EQ(alarm_state().at_ns, 0);
    while (virtual_now() < at + 5 * MILLISECOND)
        ;
    CHECK_EQ(event_count[port], 0);
    /* A later one instead of an earlier one. */
    CHECK_EQ(set_alarm(RINGFORT_ALARM_MAX_NS), 0);
    CHECK_EQ(alarm_state().at_ns, RINGFORT_ALARM_MAX_NS);
    run_until_alarm(port, 5 * MILLISECOND);
    /* What is over already. */
    event_count[port] = 0;
    CHECK_EQ(set_alarm(1), 0);
    CHECK(WAIT_FOR(event_count[port] == 1, LONG_ENOUGH));
}

/* Real time passes, virtual time does not. */
static void check_sleep(unsigned port)
{
    uint64_t at = virtual_now() + 40 * MILLISECOND, slept = now();

    event_count[port] = 0;
    CHECK_EQ(set_alarm(at), 0);
    while (now() - slept < 80 * MILLISECOND && !event_count[port])
        sleep_for(5 * MILLISECOND);
    CHECK(virtual_now() < at);
    CHECK_EQ(event_count[port], 0);
    CHECK_EQ(alarm_state().at_ns, at);
    CHECK(WAIT_FOR(event_count[port], LONG_ENOUGH));
    CHECK(virtual_now() >= at);
}

static void pin_here(unsigned cpu)
{
    uint64_t mask = 1UL << cpu;
    struct xen_domctl op = {
        .u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD,
    };

    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&mask);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 0), 0);
}

static void check_moves(unsigned port)
{
    uint64_t at = virtual_now() + 20 * MILLISECOND;
    unsigned cpu = 0;

    event_count[port] = 0;
    CHECK_EQ(set_alarm(at), 0);
    for (uint64_t limit = now() + LONG_ENOUGH; !event_count[port] && now() < limit;
         spin_for(100000))
        pin_here(cpu++ % cpus);
    CHECK_EQ(event_count[port], 1);
    CHECK(virtual_now() >= at);
    for (unsigned i = 0; i < MOVES; i++) {
        CHECK_EQ(set_alarm(virtual_now() + MILLISECOND), 0);
        pin_here(i % cpus);
    }
    CHECK_EQ(set_alarm(0), 0);
}

static void second(unsigned vcpu)
{
    long port = event_bind_virq(RINGFORT_VIRQ_ALARM, vcpu);

    CHECK(port > 0);
    event_enable();
    other_runs = true;
    while (!stop_other) {
        run_until_alarm((unsigned)port, 3 * MILLISECOND);
        CHECK_EQ(event_vcpu[port], vcpu);
        other_alarms++;
    }
    stop_other = false;
}

void test(void)
{
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_physinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
    };
    long port = event_bind_virq(RINGFORT_VIRQ_ALARM, 0);

    REQUIRE(port > 0);
    event_enable();
    MUST(hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op));
    cpus = op.u.physinfo.nr_cpus;
    check_refusals();
    run_until_alarm((unsigned)port, 20 * MILLISECOND);
    check_set_and_cancel((unsigned)port);
    check_sleep((unsigned)port);
    MUST(vcpu_launch(1, second));
    CHECK(WAIT_FOR(other_runs, LONG_ENOUGH));
    for (unsigned i = 0; i < 5; i++)
        run_until_alarm((unsigned)port, 10 * MILLISECOND);
    check_moves((unsigned)port);
    CHECK(WAIT_FOR(other_alarms > 3, LONG_ENOUGH));
    stop_other = true;
    CHECK(WAIT_FOR(!stop_other, LONG_ENOUGH));
    CHECK_EQ(event_vcpu[port], 0);
}
