/* Every processor of a large machine runs a vCPU, and each takes an IPI from the first one and
 * sends one back. */
#include "guest.h"

static volatile unsigned started;
static unsigned answer_port;
static long ports[MAX_VCPUS];
static volatile bool over;

static void body(unsigned vcpu)
{
    /* Upcalls stay masked but while it is blocked, so that no event slips in before that. */
    event_disable();
    __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
    while (!event_count[ports[vcpu]]) {
        sched_op(SCHEDOP_block, NULL);
        event_disable();
    }
    event_send(answer_port);
    while (!over)
        sched_op(SCHEDOP_block, NULL);
}

/* Waits without taking an emulator's time from the others. */
#define SLEEP_FOR(condition, nanoseconds)                                                          \
    ({                                                                                             \
        uint64_t limit_ = now() + (nanoseconds);                                                   \
        while (!(condition) && now() < limit_) {                                                   \
            struct sched_poll poll_ = {.timeout = now() + MILLISECOND};                            \
            sched_op(SCHEDOP_poll, &poll_);                                                        \
        }                                                                                          \
        (condition);                                                                               \
    })

void test(void)
{
    unsigned count = vcpu_count();
    long port;

    print("%u vCPUs\n", count);
    CHECK(count > 1);
    if (count > MAX_VCPUS)
        count = MAX_VCPUS;
    port = event_bind_ipi(0);
    REQUIRE(port > 0);
    answer_port = (unsigned)port;
    for (unsigned i = 1; i < count; i++) {
        ports[i] = event_bind_ipi(i);
        REQUIRE(ports[i] > 0);
        MUST(vcpu_launch(i, body));
    }
    CHECK(SLEEP_FOR(started == count - 1, 60 * SECOND));
    event_enable();
    for (unsigned i = 1; i < count; i++) {
        unsigned before = event_count[answer_port];

        CHECK_EQ(event_send((unsigned)ports[i]), 0);
        if (!CHECK(SLEEP_FOR(event_count[ports[i]] == 1, 10 * SECOND)))
            print("vCPU %u takes no event\n", i);
        CHECK_EQ(event_vcpu[ports[i]], i);
        CHECK(SLEEP_FOR(event_count[answer_port] > before, 10 * SECOND));
    }
}
