/* The most negative time is long past, not far ahead: such a timer fires at once and holds up no
 * other timer of its processor, the scheduler's among them. */
#include "guest.h"

void test(void)
{
    struct vcpu_set_singleshot_timer past = {.timeout_abs_ns = 1ULL << 63};
    struct vcpu_set_periodic_timer ticks = {.period_ns = 10 * MILLISECOND};
    struct sched_watchdog dog = {.timeout = 0xffffffff};
    long port = event_bind_virq(VIRQ_TIMER, 0);

    REQUIRE(port > 0);
    event_enable();
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &past), 0);
    CHECK(WAIT_FOR(event_count[port], SECOND));
    event_count[port] = 0;
    past.flags = VCPU_SSHOTTMR_future;
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &past), -XEN_ETIME);
    past.flags = 0;
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &past), 0);
    CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &ticks), 0);
    CHECK(WAIT_FOR(event_count[port] >= 4, 2 * SECOND));
    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);

    /* The longest watchdog is 136 years, not one that has run out. */
    CHECK(sched_op(SCHEDOP_watchdog, &dog) > 0);
    spin_for(20 * MILLISECOND);
}
