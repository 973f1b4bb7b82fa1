/* sched_op: blocking until an event, polling ports with and without a time limit, yielding; what is
 * pending already does not block; bad arguments are refused. */
#include "guest.h"

static unsigned timer;

static void timer_in(uint64_t nanoseconds)
{
    struct vcpu_set_singleshot_timer set = {.timeout_abs_ns = now() + nanoseconds};

    MUST(vcpu_op(VCPUOP_set_singleshot_timer, 0, &set));
}

static long poll(evtchn_port_t *ports, unsigned count, uint64_t timeout)
{
    struct sched_poll p = {.nr_ports = count, .timeout = timeout};

    set_xen_guest_handle(p.ports, ports);
    return sched_op(SCHEDOP_poll, &p);
}

static void check_block(void)
{
    uint64_t begin = now();

    event_disable();
    event_count[timer] = 0;
    timer_in(20 * MILLISECOND);
    /* Blocking opens the mask, so the event is taken before it returns. */
    CHECK_EQ(sched_op(SCHEDOP_block, NULL), 0);
    CHECK(now() - begin >= 20 * MILLISECOND);
    CHECK_EQ(event_count[timer], 1);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);

    /* Already pending: no wait. */
    event_disable();
    timer_in(0);
    CHECK(WAIT_FOR(event_pending(timer), SECOND));
    begin = now();
    CHECK_EQ(sched_op(SCHEDOP_block, NULL), 0);
    CHECK(now() - begin < SECOND);
    CHECK_EQ(event_count[timer], 2);
}

static void check_poll(void)
{
    evtchn_port_t ports[2] = {timer, 0}, bad[1] = {0xffffffff};
    uint64_t begin = now();

    event_disable();
    /* By the time limit. */
    CHECK_EQ(poll(ports, 1, begin + 20 * MILLISECOND), 0);
    CHECK(now() - begin >= 20 * MILLISECOND);
    CHECK(!event_pending(timer));
    /* By the event, which stays pending, and masked if it was. */
    event_mask(timer);
    timer_in(20 * MILLISECOND);
    begin = now();
    CHECK_EQ(poll(ports, 1, begin + 5 * SECOND), 0);
    CHECK(now() - begin < 4 * SECOND);
    CHECK(event_pending(timer));
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 1);
    begin = now();
    CHECK_EQ(poll(ports, 1, 0), 0);
    CHECK(now() - begin < SECOND);
    event_clear(timer);
    event_unmask(timer);
    /* In the past, and without ports. */
    CHECK_EQ(poll(ports, 1, 1), 0);
    CHECK_EQ(poll(NULL, 0, now() + MILLISECOND), 0);
    CHECK_EQ(poll(bad, 1, now() + MILLISECOND), -XEN_EINVAL);
    CHECK_EQ(poll((void *)0x1000, 1, 1), -XEN_EFAULT);
    CHECK_EQ(poll(ports, 129, 1), -XEN_EINVAL);
    CHECK_EQ(sched_op(SCHEDOP_poll, (void *)0x1000), -XEN_EFAULT);
    event_clear(timer);
}

static void check_others(void)
{
    struct sched_remote_shutdown remote = {.domain_id = 4711};
    struct sched_watchdog watchdog = {.id = 4711, .timeout = 100};

    for (unsigned i = 0; i < 1000; i++)
        sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(sched_op(SCHEDOP_yield, NULL), 0);
    CHECK_EQ(sched_op(SCHEDOP_shutdown, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -XEN_ESRCH);
    CHECK(sched_op(SCHEDOP_watchdog, &watchdog) < 0);
    CHECK_EQ(sched_op(99, NULL), -XEN_ENOSYS);
}

void test(void)
{
    long port = event_bind_virq(VIRQ_TIMER, 0);

    REQUIRE(port > 0);
    timer = (unsigned)port;
    vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    check_block();
    check_poll();
    check_others();
}
