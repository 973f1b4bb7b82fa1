/* Ports are made, bound to each other, sent to, moved and closed by several vCPUs at once
 * (advisories 317, 338, 340, 343, 344: a port that was freed while its peer used it). What must
 * hold: no port is lost or counted twice: in the end all are free, and as many can be had as at
 * first. */
#include "guest.h"

#define PORTS 24
#define ROUNDS 4000

static volatile unsigned ended, bound, closed;

static unsigned any_port(unsigned n)
{
    return 1 + n * 7 % PORTS;
}

/* Each at another place of the same ports. */
static void work(unsigned vcpu)
{
    for (unsigned n = vcpu * 1000; n < vcpu * 1000 + ROUNDS; n++) {
        switch ((n * 5 + vcpu) % 7) {
        case 0:
            event_alloc_unbound(DOMID_SELF, DOMID_SELF);
            break;
        case 1:
        case 2:
            if (event_bind_interdomain(DOMID_SELF, any_port(n)) > 0)
                __atomic_fetch_add(&bound, 1, __ATOMIC_RELAXED);
            break;
        case 3:
            event_bind_vcpu(any_port(n), n % 3);
            break;
        case 4:
            if (!event_close(any_port(n + 3)))
                __atomic_fetch_add(&closed, 1, __ATOMIC_RELAXED);
            break;
        default:
            event_send(any_port(n));
        }
    }
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static unsigned ports_free(void)
{
    unsigned count = 0;

    while (event_alloc_unbound(DOMID_SELF, DOMID_SELF) > 0)
        count++;
    for (unsigned port = 1; port < EVENT_PORTS; port++)
        event_close(port);
    return count;
}

void test(void)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    unsigned before;

    event_disable();
    before = ports_free();
    MUST(vcpu_launch(1, work));
    MUST(vcpu_launch(2, work));
    work(0);
    /* Everything goes while the others may still be at it. */
    CHECK_EQ(event_channel_op(EVTCHNOP_reset, &reset), 0);
    CHECK(WAIT_FOR(ended == 3, 20 * SECOND));
    print("%u bound, %u closed\n", bound, closed);
    CHECK(bound > 0);
    CHECK(closed > 0);
    CHECK_EQ(event_channel_op(EVTCHNOP_reset, &reset), 0);
    for (unsigned port = 1; port < EVENT_PORTS; port++) {
        struct evtchn_status status = {.dom = DOMID_SELF, .port = port};

        if (event_channel_op(EVTCHNOP_status, &status) || status.status != EVTCHNSTAT_closed)
            CHECK_EQ(port, 0);
    }
    CHECK_EQ(ports_free(), before);
}
