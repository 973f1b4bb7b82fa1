/* Event channels: ports of each kind are bound, sent, masked, moved and closed; bad ports, vCPUs
 * and domains give the ABI's errors; an upcall comes exactly when it should. */
#include "guest.h"

static long status(unsigned port, struct evtchn_status *s)
{
    memset(s, 0, sizeof(*s));
    s->dom = DOMID_SELF;
    s->port = port;
    return event_channel_op(EVTCHNOP_status, s);
}

static void check_ipi(void)
{
    long port = event_bind_ipi(0);
    struct evtchn_status s;

    REQUIRE(port > 0);
    CHECK_EQ(status((unsigned)port, &s), 0);
    CHECK_EQ(s.status, EVTCHNSTAT_ipi);
    CHECK_EQ(s.vcpu, 0);
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[port], 0);
    CHECK(event_pending((unsigned)port));
    CHECK_EQ(vcpu_info()->evtchn_upcall_pending, 1);
    event_enable();
    CHECK_EQ(event_count[port], 1);
    /* With upcalls on it comes before the call returns. */
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[port], 2);
    /* Masked: pending and no more; unmasking delivers. */
    event_mask((unsigned)port);
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[port], 2);
    CHECK(event_pending((unsigned)port));
    event_unmask((unsigned)port);
    CHECK_EQ(event_count[port], 3);
    CHECK(!event_pending((unsigned)port));
    event_disable();
    CHECK_EQ(event_close((unsigned)port), 0);
    CHECK_EQ(event_send((unsigned)port), -XEN_EINVAL);
    CHECK_EQ(event_close((unsigned)port), -XEN_EINVAL);
    CHECK(event_bind_ipi(1000) < 0);
}

static void check_virq(void)
{
    long port = event_bind_virq(VIRQ_TIMER, 0), global;
    struct evtchn_status s;

    REQUIRE(port > 0);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), -XEN_EEXIST);
    CHECK_EQ(event_bind_virq(99, 0), -XEN_EINVAL);
    CHECK(event_bind_virq(VIRQ_DEBUG, 1000) < 0);
    CHECK_EQ(status((unsigned)port, &s), 0);
    CHECK_EQ(s.status, EVTCHNSTAT_virq);
    CHECK_EQ(s.u.virq, VIRQ_TIMER);
    /* A guest cannot raise them itself, nor move them when they belong to a vCPU. */
    CHECK_EQ(event_send((unsigned)port), -XEN_EINVAL);
    CHECK_EQ(event_bind_vcpu((unsigned)port, 0), -XEN_EINVAL);
    CHECK_EQ(event_close((unsigned)port), 0);
    global = event_bind_virq(VIRQ_DOM_EXC, 0);
    REQUIRE(global > 0);
    CHECK_EQ(event_bind_vcpu((unsigned)global, 0), 0);
    CHECK(event_bind_vcpu((unsigned)global, 1000) < 0);
    CHECK_EQ(event_close((unsigned)global), 0);
}

static void check_interdomain(void)
{
    long unbound = event_alloc_unbound(DOMID_SELF, DOMID_SELF), port;
    struct evtchn_status s;

    REQUIRE(unbound > 0);
    CHECK_EQ(status((unsigned)unbound, &s), 0);
    CHECK_EQ(s.status, EVTCHNSTAT_unbound);
    /* Nobody listens yet: the send is accepted and goes nowhere. */
    CHECK_EQ(event_send((unsigned)unbound), 0);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, 4000), -XEN_EINVAL);
    CHECK_EQ(event_bind_interdomain(4711, (unsigned)unbound), -XEN_ESRCH);
    port = event_bind_interdomain(DOMID_SELF, (unsigned)unbound);
    REQUIRE(port > 0);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, (unsigned)unbound), -XEN_EINVAL);
    event_clear((unsigned)port);
    event_clear((unsigned)unbound);
    event_enable();
    event_count[port] = event_count[unbound] = 0;
    CHECK_EQ(event_send((unsigned)port), 0);
    CHECK_EQ(event_count[unbound], 1);
    CHECK_EQ(event_count[port], 0);
    CHECK_EQ(event_send((unsigned)unbound), 0);
    CHECK_EQ(event_count[port], 1);
    CHECK_EQ(status((unsigned)port, &s), 0);
    CHECK_EQ(s.status, EVTCHNSTAT_interdomain);
    CHECK_EQ(s.u.interdomain.port, unbound);
    CHECK_EQ(event_bind_vcpu((unsigned)port, 0), 0);
    CHECK_EQ(event_close((unsigned)port), 0);
    /* The other end is as at first. */
    CHECK_EQ(status((unsigned)unbound, &s), 0);
    CHECK_EQ(s.status, EVTCHNSTAT_unbound);
    CHECK_EQ(event_close((unsigned)unbound), 0);
    event_disable();
}

static void check_bad(void)
{
    static const unsigned bad[] = {0, 4000, 4095, 4096, 0x7fffffff, 0xffffffff};
    struct evtchn_unmask unmask;
    struct evtchn_status s;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        unmask.port = bad[i];
        CHECK_EQ(event_send(bad[i]), -XEN_EINVAL);
        CHECK_EQ(event_close(bad[i]), -XEN_EINVAL);
        CHECK_EQ(event_bind_vcpu(bad[i], 0), -XEN_EINVAL);
        if (bad[i] >= 4096) {
            CHECK_EQ(event_channel_op(EVTCHNOP_unmask, &unmask), -XEN_EINVAL);
            CHECK_EQ(status(bad[i], &s), -XEN_EINVAL);
        }
    }
    CHECK_EQ(event_channel_op(EVTCHNOP_send, (void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(event_channel_op(EVTCHNOP_bind_ipi, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    CHECK_EQ(event_channel_op(0x1234, NULL), -XEN_ENOSYS);
    CHECK_EQ(event_alloc_unbound(4711, 0), -XEN_ESRCH);
    CHECK_EQ(event_bind_virq(VIRQ_DOM_EXC, 1000) < 0, true);
}

/* Ports run out with an error, and all of them come back. */
static void check_exhaustion(void)
{
    unsigned count = 0;
    long port;

    while ((port = event_alloc_unbound(DOMID_SELF, DOMID_SELF)) > 0)
        count++;
    CHECK_EQ(port, -XEN_ENOSPC);
    CHECK(count >= 1000);
    for (unsigned i = 1; i < EVENT_PORTS; i++)
        event_close(i);
    port = event_bind_ipi(0);
    CHECK(port > 0);
    CHECK_EQ(event_close((unsigned)port), 0);
}

void test(void)
{
    event_disable();
    check_ipi();
    check_virq();
    check_interdomain();
    check_bad();
    check_exhaustion();
}
