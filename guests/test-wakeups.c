/* More vCPUs than processors hand a token around by event channels, some polling for it without a
 * time limit, some blocking; meanwhile each is disturbed by timers and by events that are not its
 * token. No wake-up may be lost, and every vCPU gets its turns. */
#include "guest.h"

#define RING 6
#define ROUNDS 300

static unsigned token[RING], noise[RING];
static volatile unsigned rounds, turns[RING], ready, over;

static void pass_on(unsigned vcpu)
{
    turns[vcpu]++;
    if (vcpu == 0 && ++rounds == ROUNDS)
        over = 1;
    /* Two at once wake two vCPUs at once. */
    event_send(noise[(vcpu + 3) % RING]);
    event_send(token[(vcpu + 1) % RING]);
}

/* Like a kernel's lock: masked port, upcalls off or on, no time limit. */
static void take_by_poll(unsigned vcpu)
{
    evtchn_port_t port = token[vcpu];
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, &port);
    while (!event_pending(port) && !over)
        sched_op(SCHEDOP_poll, &poll);
    event_clear(port);
}

static void take_by_block(unsigned vcpu)
{
    unsigned seen = turns[vcpu];

    for (;;) {
        event_disable();
        if (event_count[token[vcpu]] != seen || over)
            break;
        sched_op(SCHEDOP_block, NULL);
    }
    event_enable();
}

static void turn(unsigned vcpu)
{
    struct vcpu_set_periodic_timer ticks = {.period_ns = (1 + vcpu) * MILLISECOND};

    vcpu_op(VCPUOP_set_periodic_timer, vcpu, &ticks);
    while (!over) {
        if (vcpu % 2)
            take_by_poll(vcpu);
        else
            take_by_block(vcpu);
        if (!over)
            pass_on(vcpu);
    }
    vcpu_op(VCPUOP_stop_periodic_timer, vcpu, NULL);
    for (unsigned i = 0; i < RING; i++)
        event_send(token[i]);
}

static void other(unsigned vcpu)
{
    event_enable();
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    while (ready != RING)
        sched_op(SCHEDOP_yield, NULL);
    turn(vcpu);
    __atomic_fetch_sub(&ready, 1, __ATOMIC_SEQ_CST);
}

void test(void)
{
    REQUIRE(vcpu_count() >= RING);
    for (unsigned i = 0; i < RING; i++) {
        long port = event_bind_ipi(i);

        REQUIRE(port > 0);
        token[i] = (unsigned)port;
        if (i % 2)
            event_mask(token[i]);
        port = event_bind_ipi(i);
        REQUIRE(port > 0);
        noise[i] = (unsigned)port;
        REQUIRE(event_bind_virq(VIRQ_TIMER, i) > 0);
    }
    for (unsigned i = 1; i < RING; i++)
        MUST(vcpu_launch(i, other));
    event_send(token[0]);
    other(0);
    CHECK(WAIT_FOR(ready == 0, 5 * SECOND));
    CHECK_EQ(rounds, ROUNDS);
    for (unsigned i = 0; i < RING; i++)
        CHECK(turns[i] + 1 >= ROUNDS);
}
