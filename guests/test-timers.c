/* Timers: a single shot fires once, at its time and not before; one in the past fires at once or is
 * refused as asked; a periodic timer keeps firing until stopped; set_timer_op is the same timer. */
#include "guest.h"

/* On a loaded host a virtual processor may stand still for a while: late is late after seconds, and
 * what must be done before a timer fires has this long. Early is never right, by how little it be.
 */
#define LATE (5 * SECOND)
#define AHEAD (200 * MILLISECOND)

static unsigned port;

static long set_singleshot(uint64_t at, unsigned flags)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = at, .flags = flags};

    return vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
}

/* Of the timer that is set: it fires at its time or after it, and once. */
static void check_fires(uint64_t at)
{
    CHECK(WAIT_FOR(event_count[port], LATE));
    CHECK(now() >= at);
    spin_for(30 * MILLISECOND);
    CHECK_EQ(event_count[port], 1);
}

/* Of a timer that was set to a time and is not any more: it does not fire. */
static void check_silent(uint64_t at)
{
    while (now() < at + 30 * MILLISECOND)
        asm volatile("pause" : : : "memory");
    CHECK_EQ(event_count[port], 0);
}

static void check_singleshot(void)
{
    uint64_t at = now() + 20 * MILLISECOND;

    event_count[port] = 0;
    CHECK_EQ(set_singleshot(at, 0), 0);
    check_fires(at);

    /* A new one replaces the old one. */
    event_count[port] = 0;
    at = now() + AHEAD;
    CHECK_EQ(set_singleshot(at, 0), 0);
    CHECK_EQ(set_singleshot(at + AHEAD, 0), 0);
    check_fires(at + AHEAD);

    /* Stopped. */
    event_count[port] = 0;
    at = now() + AHEAD;
    CHECK_EQ(set_singleshot(at, 0), 0);
    CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    check_silent(at);
}

static void check_past(void)
{
    event_count[port] = 0;
    CHECK_EQ(set_singleshot(now() - MILLISECOND, 0), 0);
    CHECK(WAIT_FOR(event_count[port], LATE));
    event_count[port] = 0;
    /* Refused, or (Xen 4.17 takes no notice of the flag) as any other. */
    if (set_singleshot(1, VCPU_SSHOTTMR_future) == -XEN_ETIME) {
        spin_for(5 * MILLISECOND);
        CHECK_EQ(event_count[port], 0);
    } else {
        CHECK(WAIT_FOR(event_count[port], LATE));
    }
    event_count[port] = 0;
    CHECK_EQ(set_singleshot(now() + AHEAD, VCPU_SSHOTTMR_future), 0);
    CHECK(WAIT_FOR(event_count[port], LATE));
    /* Never, practically. */
    CHECK_EQ(set_singleshot(1ULL << 62, 0), 0);
    CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

static void check_periodic(void)
{
    struct vcpu_set_periodic_timer timer = {.period_ns = 5 * MILLISECOND};
    uint64_t begin = now();
    unsigned seen;

    event_count[port] = 0;
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), 0);
    CHECK(WAIT_FOR(event_count[port] >= 10, LATE));
    CHECK(now() - begin >= 9 * timer.period_ns);
    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    spin_for(MILLISECOND);
    seen = event_count[port];
    spin_for(30 * MILLISECOND);
    CHECK_EQ(event_count[port], seen);
    timer.period_ns = 1000;
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), -XEN_EINVAL);
    /* Negative, and sums that would be. */
    timer.period_ns = UINT64_MAX;
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), -XEN_EINVAL);
    timer.period_ns = 1ULL << 62;
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &timer), -XEN_EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 1000, &timer), -XEN_ENOENT);
}

static void check_old_call(void)
{
    uint64_t at = now() + 10 * MILLISECOND;

    event_count[port] = 0;
    CHECK_EQ(set_timer_op(at), 0);
    check_fires(at);
    event_count[port] = 0;
    at = now() + AHEAD;
    CHECK_EQ(set_timer_op(at), 0);
    CHECK_EQ(set_timer_op(0), 0);
    check_silent(at);
}

/* The single shot is the calling vCPU's alone. */
static void check_other_vcpu(void)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = now()};

    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1, &timer), -XEN_EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1000, &timer), -XEN_ENOENT);
}

void test(void)
{
    long bound;

    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    bound = event_bind_virq(VIRQ_TIMER, 0);
    REQUIRE(bound > 0);
    port = (unsigned)bound;
    event_enable();
    spin_for(20 * MILLISECOND);
    check_singleshot();
    check_past();
    check_periodic();
    check_old_call();
    check_other_vcpu();
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, (void *)0x1000), -XEN_EFAULT);
}
