/* sources: tests/host/panic.c tests/host/small_world.c tests/host/event_world.c hypervisor/lib/spinlock.c hypervisor/event/port.c hypervisor/event/bind.c hypervisor/event/send.c hypervisor/event/close.c hypervisor/event/event_op.c */
/* Event channels: the two-level bits, the life of each kind of port, who may do what. */
#include <string.h>

#include "check.h"
#include "event/internal.h"
#include "event_world.h"
#include "interface/ringfort.h"
#include "lib/abi32.h"
#include "lib/errno.h"
#include "x86/current.h"

static long op(unsigned cmd, void *arg)
{
    long rc = do_event_channel_op(cmd, (uint64_t)arg);

    event_world_check();
    return rc;
}

static uint32_t alloc_unbound(domid_t dom, domid_t remote)
{
    struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote};

    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), 0);
    return a.port;
}

static uint32_t status_of(domid_t dom, uint32_t port)
{
    struct evtchn_status s = {.dom = dom, .port = port};

    CHECK_EQ(op(EVTCHNOP_status, &s), 0);
    return s.status;
}

static long send(uint32_t port)
{
    return op(EVTCHNOP_send, &(struct evtchn_send){.port = port});
}

static long close_port(uint32_t port)
{
    return op(EVTCHNOP_close, &(struct evtchn_close){.port = port});
}

/* d1 port to d2 port, as a front end and a back end set one up. */
static void connect(uint32_t *port_1, uint32_t *port_2)
{
    struct evtchn_bind_interdomain b = {.remote_dom = 1};

    world_run(1, 0);
    *port_1 = b.remote_port = alloc_unbound(DOMID_SELF, 2);
    world_run(2, 0);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), 0);
    *port_2 = b.local_port;
}

/* Pending, then mask, then selector, then upcall: each step only when the one before lets it. */
static void test_bits(void)
{
    static struct shared_info s;
    struct vcpu_info *info = &s.vcpu_info[0];

    memset(&s, 0, sizeof(s));
    CHECK_EQ(port_raise(&s, info, 130, false), RAISED_UPCALL);
    CHECK_EQ(info->evtchn_pending_sel, 1 << 2);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    CHECK_EQ(port_raise(&s, info, 130, false), RAISED_BEFORE);
    CHECK_EQ(port_raise(&s, info, 131, false), RAISED_QUIETLY);
    CHECK_EQ(port_raise(&s, info, 64, false), RAISED_QUIETLY);
    CHECK_EQ(info->evtchn_pending_sel, (1 << 2) | (1 << 1));

    memset(&s, 0, sizeof(s));
    bit_set(s.evtchn_mask, 4095);
    CHECK_EQ(port_raise(&s, info, 4095, false), RAISED_QUIETLY);
    CHECK_EQ(info->evtchn_upcall_pending, 0);
    CHECK(port_unmask(&s, info, 4095, false));
    CHECK_EQ(info->evtchn_pending_sel, UINT64_C(1) << 63);
    CHECK(!port_unmask(&s, info, 4095, false));
    bit_set(s.evtchn_mask, 7);
    CHECK(!port_unmask(&s, info, 7, false));
    port_clear_pending(&s, 4095);
    CHECK(!port_is_pending(&s, 4095));
}

/* A 32-bit guest's words are 32 ports each, its masks lie elsewhere. */
static void test_bits_compat(void)
{
    static struct shared_info page;
    struct shared_info_x86_32 *s = (struct shared_info_x86_32 *)&page;
    struct vcpu_info_x86_32 *info = &s->vcpu_info[1];

    memset(&page, 0, sizeof(page));
    CHECK_EQ(port_raise(&page, &page.vcpu_info[1], 130, true), RAISED_UPCALL);
    CHECK_EQ(s->evtchn_pending[4], 1 << 2);
    CHECK_EQ(info->evtchn_pending_sel, 1 << 4);
    CHECK_EQ(info->evtchn_upcall_pending, 1);
    CHECK_EQ(info->arch.cr2, 0);
    s->evtchn_mask[31] = 1u << 31;
    CHECK_EQ(port_raise(&page, &page.vcpu_info[1], 1023, true), RAISED_QUIETLY);
    CHECK_EQ(info->evtchn_pending_sel, 1 << 4);
    CHECK(port_is_masked(&page, 1023, true));
    info->evtchn_upcall_pending = 0;
    CHECK(port_unmask(&page, &page.vcpu_info[1], 1023, true));
    CHECK_EQ(info->evtchn_pending_sel, 1u << 31 | 1 << 4);
    CHECK_EQ(s->evtchn_mask[31], 0);
    CHECK_EQ(s->wc_version, 0);
}

static void test_channel(void)
{
    uint32_t port_1, port_2;

    event_world_reset(1023);
    connect(&port_1, &port_2);
    /* What came before somebody listened is made up for by one event. */
    CHECK(event_port_pending(world_domain(2), port_2));
    CHECK_EQ(event_world_upcall(world_vcpu(2, 0)), 1);

    CHECK_EQ(send(port_2), 0);
    CHECK(event_world_woken(world_vcpu(1, 0)));
    CHECK_EQ(event_world_upcall(world_vcpu(1, 0)), 1);
    CHECK_EQ(status_of(DOMID_SELF, port_2), EVTCHNSTAT_interdomain);

    /* One end closes: the other waits for it again, and sending is not an error. */
    CHECK_EQ(close_port(port_2), 0);
    world_run(1, 0);
    CHECK_EQ(status_of(DOMID_SELF, port_1), EVTCHNSTAT_unbound);
    CHECK_EQ(send(port_1), 0);
    CHECK_EQ(close_port(port_1), 0);
    CHECK_EQ(close_port(port_1), -EINVAL);
    CHECK_EQ(send(port_1), -EINVAL);
    event_world_end();
}

/* Both ends of a channel in one domain, as some guests use for themselves. */
static void test_loopback(void)
{
    struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF};

    event_world_reset(1023);
    world_run(1, 0);
    b.remote_port = alloc_unbound(DOMID_SELF, DOMID_SELF);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), 0);
    CHECK_EQ(send(b.remote_port), 0);
    CHECK_EQ(close_port(b.local_port), 0);
    CHECK_EQ(status_of(DOMID_SELF, b.remote_port), EVTCHNSTAT_unbound);
    event_world_end();
}

static void test_privilege(void)
{
    struct evtchn_alloc_unbound a = {.dom = 2, .remote_dom = 0};
    struct evtchn_bind_interdomain b = {.remote_dom = 1};
    struct evtchn_status s = {.dom = 2, .port = 1};
    struct evtchn_bind_pirq irq = {.pirq = 1};
    struct evtchn_reset r = {.dom = 0};

    event_world_reset(1023);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -EPERM);
    CHECK_EQ(op(EVTCHNOP_status, &s), -EPERM);
    CHECK_EQ(op(EVTCHNOP_reset, &r), -EPERM);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &irq), -EPERM);
    a.dom = 7;
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -ESRCH);

    /* A port waits for one domain only. */
    b.remote_port = alloc_unbound(DOMID_SELF, 0);
    world_run(2, 0);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -EINVAL);
    world_run(0, 0);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), 0);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -EINVAL);

    /* The toolstack makes ports for the domain it builds. */
    CHECK_EQ(alloc_unbound(2, 0), 1);
    CHECK_EQ(status_of(2, 1), EVTCHNSTAT_unbound);
    event_world_end();
}

static void test_virqs(void)
{
    struct evtchn_bind_virq timer = {.virq = VIRQ_TIMER, .vcpu = 1};
    struct evtchn_bind_virq global = {.virq = VIRQ_DOM_EXC, .vcpu = 1};
    struct evtchn_bind_vcpu move = {.vcpu = 1};

    event_world_reset(1023);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &timer), 0);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &timer), -EEXIST);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &global), -EINVAL);
    global.vcpu = 0;
    CHECK_EQ(op(EVTCHNOP_bind_virq, &global), 0);

    event_send_vcpu_virq(world_vcpu(0, 0), VIRQ_TIMER);
    CHECK(!event_port_pending(world_domain(0), timer.port));
    event_send_vcpu_virq(world_vcpu(0, 1), VIRQ_TIMER);
    CHECK(event_port_pending(world_domain(0), timer.port));
    CHECK(event_world_woken(world_vcpu(0, 1)));
    CHECK(!event_world_woken(world_vcpu(0, 0)));

    /* A timer stays with its vCPU, a global one may be moved and is found nevertheless. */
    move.port = timer.port;
    CHECK_EQ(do_event_channel_op(EVTCHNOP_bind_vcpu, (uint64_t)&move), -EINVAL);
    move.port = global.port;
    CHECK_EQ(do_event_channel_op(EVTCHNOP_bind_vcpu, (uint64_t)&move), 0);
    event_send_global_virq(VIRQ_DOM_EXC);
    CHECK(event_port_pending(world_domain(0), global.port));
    CHECK_EQ(close_port(global.port), 0);
    event_send_global_virq(VIRQ_DOM_EXC);
    CHECK(!event_port_pending(world_domain(0), global.port));

    timer.vcpu = WORLD_VCPUS;
    CHECK_EQ(do_event_channel_op(EVTCHNOP_bind_virq, (uint64_t)&timer), -ENOENT);
    timer.virq = NR_VIRQS;
    CHECK_EQ(do_event_channel_op(EVTCHNOP_bind_virq, (uint64_t)&timer), -EINVAL);
    event_world_end();
}

static void test_pirqs(void)
{
    struct evtchn_bind_pirq irq = {.pirq = 3}, busy = {.pirq = WORLD_PIRQS - 1};

    event_world_reset(1023);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &irq), 0);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &busy), -EBUSY);
    busy.pirq = WORLD_PIRQS;
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &busy), -EINVAL);
    busy.pirq = 3;
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &busy), -EEXIST);
    CHECK_EQ(status_of(DOMID_SELF, irq.port + 1), EVTCHNSTAT_closed);
    event_send_pirq(domain0, irq.port);
    CHECK(event_port_pending(domain0, irq.port));
    CHECK_EQ(close_port(irq.port), 0);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &irq), 0);
    event_world_end();
}

static void test_ipi_and_poll(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 1};
    struct vcpu *poller = world_vcpu(1, 0);

    event_world_reset(1023);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), 0);

    /* A poller hears of a masked port, of its own and of any, but not of another's. */
    bit_set(world_domain(1)->shared_info->evtchn_mask, ipi.port);
    poller->sched.is_polling = poller->sched.is_blocked = true;
    poller->event.poll_port = ipi.port + 1;
    CHECK_EQ(send(ipi.port), 0);
    CHECK(!event_world_woken(poller) && !event_world_woken(world_vcpu(1, 1)));
    port_clear_pending(world_domain(1)->shared_info, ipi.port);
    poller->event.poll_port = ipi.port;
    CHECK_EQ(send(ipi.port), 0);
    CHECK(event_world_woken(poller));
    CHECK_EQ(send(ipi.port), 0);
    CHECK(!event_world_woken(poller));

    CHECK_EQ(op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = ipi.port}), 0);
    CHECK(event_world_woken(world_vcpu(1, 1)));
    event_world_end();
}

static void test_limits(void)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = 0};

    event_world_reset(~0u);
    CHECK_EQ(world_domain(1)->event.limit, EVTCHN_2L_NR_CHANNELS);
    event_world_end();

    event_world_reset(200);
    world_run(1, 0);
    for (uint32_t port = 1; port <= 200; port++)
        CHECK_EQ(alloc_unbound(DOMID_SELF, 0), port);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -ENOSPC);
    CHECK_EQ(close_port(77), 0);
    CHECK_EQ(alloc_unbound(DOMID_SELF, 0), 77);
    CHECK_EQ(close_port(0), -EINVAL);
    CHECK_EQ(close_port(0xffffffff), -EINVAL);
    event_world_end();

    event_world_reset(200);
    world_fail_alloc_after(1);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -ENOMEM);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), 0);
    CHECK_EQ(op(EVTCHNOP_init_control, &a), -ENOSYS);
    CHECK_EQ(do_event_channel_op(EVTCHNOP_send, 0), -EFAULT);
    event_world_end();
}

/* A domain dies: all ends part, whatever is preempted, and nobody can open another. */
static void test_death(void)
{
    struct evtchn_alloc_unbound a = {.dom = 2, .remote_dom = 0};
    uint32_t port_1, port_2;
    unsigned rounds = 0;

    event_world_reset(1023);
    connect(&port_1, &port_2);
    for (unsigned i = 0; i < 10; i++)
        alloc_unbound(DOMID_SELF, 0);
    world_run(0, 0);
    world_domain(2)->state = DOMAIN_DYING;
    world_preempt_after(1);
    while (event_close_all(world_domain(2)) == -ERESTART) {
        event_world_check();
        world_preempt_after(1);
        rounds++;
    }
    CHECK_EQ(rounds, 11);
    CHECK_EQ(status_of(1, port_1), EVTCHNSTAT_unbound);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -ESRCH);
    event_world_end();
}

/* Arguments that cannot be read, results that cannot be written, domains that are not there. */
static void test_faults(void)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = 0};
    struct evtchn_bind_interdomain b = {.remote_dom = 9, .remote_port = 1};

    event_world_reset(200);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, NULL), -EFAULT);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -ESRCH);
    CHECK_EQ(op(EVTCHNOP_expand_array, &a), -ENOSYS);
    world_fail_store_after(1);
    CHECK_EQ(op(EVTCHNOP_alloc_unbound, &a), -EFAULT);
    CHECK_EQ(status_of(DOMID_SELF, 1), EVTCHNSTAT_unbound);

    /* A peer that is dying is nobody to join, though its ports are still open. */
    world_run(0, 0);
    world_domain(1)->state = DOMAIN_DYING;
    b = (struct evtchn_bind_interdomain){.remote_dom = 1, .remote_port = 1};
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -EINVAL);
    world_domain(1)->state = DOMAIN_ALIVE;
    event_world_end();
}

/* The call of old: the command stands before the arguments. */
static void test_old_call(void)
{
    struct evtchn_op old = {.cmd = EVTCHNOP_alloc_unbound,
                            .u.alloc_unbound = {.dom = DOMID_SELF, .remote_dom = 2}};

    event_world_reset(100);
    world_run(1, 0);
    CHECK_EQ(do_event_channel_op_compat((uint64_t)&old), 0);
    CHECK_EQ(old.u.alloc_unbound.port, 1);
    CHECK_EQ(status_of(DOMID_SELF, 1), EVTCHNSTAT_unbound);
    old = (struct evtchn_op){.cmd = EVTCHNOP_close, .u.close.port = 1};
    CHECK_EQ(do_event_channel_op_compat((uint64_t)&old), 0);
    CHECK_EQ(do_event_channel_op_compat((uint64_t)&old), -EINVAL);
    old.cmd = 99;
    CHECK_EQ(do_event_channel_op_compat((uint64_t)&old), -ENOSYS);
    CHECK_EQ(do_event_channel_op_compat(0), -EFAULT);
    event_world_end();
}

static long move(uint32_t port, unsigned vcpu)
{
    return op(EVTCHNOP_bind_vcpu, &(struct evtchn_bind_vcpu){.port = port, .vcpu = vcpu});
}

/* Ports and vCPUs that are not there. */
static void test_numbers(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = WORLD_VCPUS};
    struct evtchn_bind_interdomain b = {.remote_dom = 2, .remote_port = 1};
    struct evtchn_status s = {.dom = DOMID_SELF, .port = 1};
    uint32_t port;

    event_world_reset(200);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), -ENOENT);
    port = alloc_unbound(DOMID_SELF, 2);
    CHECK_EQ(move(port, WORLD_VCPUS), -ENOENT);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -EINVAL);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t none = (uint32_t[]){0, 199, UINT32_MAX}[i];

        CHECK_EQ(move(none, 0), -EINVAL);
        CHECK_EQ(send(none), -EINVAL);
        CHECK_EQ(op(EVTCHNOP_unmask, &(struct evtchn_unmask){.port = none}), -EINVAL);
        s.port = none;
        CHECK_EQ(op(EVTCHNOP_status, &s), -EINVAL);
    }
    event_world_end();
}

/* With all ports open no operation opens one, and none keeps what it could not open a port for. */
static void test_full(void)
{
    struct evtchn_bind_interdomain b = {.remote_dom = 1};
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct evtchn_bind_pirq pirq = {.pirq = 3};

    event_world_reset(100);
    world_run(1, 0);
    b.remote_port = alloc_unbound(DOMID_SELF, 0);
    world_run(0, 0);
    while (alloc_unbound(DOMID_SELF, 1) < 100)
        ;
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), -ENOSPC);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &virq), -ENOSPC);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), -ENOSPC);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &pirq), -ENOSPC);
    CHECK_EQ(status_of(1, b.remote_port), EVTCHNSTAT_unbound);
    for (uint32_t port = 1; port <= 4; port++)
        CHECK_EQ(close_port(port), 0);
    CHECK_EQ(op(EVTCHNOP_bind_interdomain, &b), 0);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &virq), 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), 0);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &pirq), 0);
    CHECK_EQ(pirq.port, 4);
    event_world_end();
}

/* What the status of each kind says, and which kinds move to another vCPU. */
static void test_kinds(void)
{
    static const unsigned per_vcpu[] = {VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF, VIRQ_XENPMU,
                                        RINGFORT_VIRQ_ALARM};
    struct evtchn_bind_pirq pirq = {.pirq = 3};
    struct evtchn_bind_virq virq = {.virq = VIRQ_CON_RING};
    struct evtchn_bind_ipi ipi = {.vcpu = 1};
    struct evtchn_status s = {.dom = DOMID_SELF};
    uint32_t port_1, port_2;

    event_world_reset(200);
    CHECK_EQ(op(EVTCHNOP_bind_pirq, &pirq), 0);
    CHECK_EQ(op(EVTCHNOP_bind_virq, &virq), 0);
    CHECK_EQ(move(pirq.port, 1), 0);
    CHECK_EQ(event_world_pirq_cpu(3), world_vcpu(0, 1)->sched.cpu);
    s.port = pirq.port;
    CHECK_EQ(op(EVTCHNOP_status, &s), 0);
    CHECK(s.status == EVTCHNSTAT_pirq && s.u.pirq == 3 && s.vcpu == 1);
    s.port = virq.port;
    CHECK_EQ(op(EVTCHNOP_status, &s), 0);
    CHECK(s.status == EVTCHNSTAT_virq && s.u.virq == VIRQ_CON_RING && s.vcpu == 0);
    CHECK_EQ(move(alloc_unbound(DOMID_SELF, 1), 1), 0);

    connect(&port_1, &port_2);
    CHECK_EQ(move(port_2, 1), 0);
    s.port = port_2;
    CHECK_EQ(op(EVTCHNOP_status, &s), 0);
    CHECK(s.status == EVTCHNSTAT_interdomain && s.u.interdomain.dom == 1 &&
          s.u.interdomain.port == port_1 && s.vcpu == 1);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), 0);
    CHECK_EQ(move(ipi.port, 0), -EINVAL);
    CHECK_EQ(move(ipi.port + 1, 0), -EINVAL); /* closed */
    for (unsigned i = 0; i < ARRAY_SIZE(per_vcpu); i++) {
        virq = (struct evtchn_bind_virq){.virq = per_vcpu[i], .vcpu = 1};
        CHECK_EQ(op(EVTCHNOP_bind_virq, &virq), 0);
        CHECK_EQ(move(virq.port, 0), -EINVAL);
    }
    event_world_end();
}

/* All ports of a domain at once, in pieces. */
static void test_reset(void)
{
    struct evtchn_reset all = {.dom = DOMID_SELF};
    uint32_t port_1, port_2;

    event_world_reset(200);
    connect(&port_1, &port_2);
    alloc_unbound(DOMID_SELF, 0);
    alloc_unbound(DOMID_SELF, 0);
    world_preempt_after(2);
    CHECK_EQ(op(EVTCHNOP_reset, &all), -ERESTART);
    CHECK_EQ(status_of(DOMID_SELF, port_2 + 1), EVTCHNSTAT_closed);
    CHECK_EQ(status_of(DOMID_SELF, port_2 + 2), EVTCHNSTAT_unbound);
    CHECK_EQ(op(EVTCHNOP_reset, &all), 0);
    CHECK_EQ(status_of(DOMID_SELF, port_2 + 2), EVTCHNSTAT_closed);
    world_run(0, 0);
    CHECK_EQ(status_of(1, port_1), EVTCHNSTAT_unbound);
    CHECK_EQ(op(EVTCHNOP_reset, &(struct evtchn_reset){.dom = 9}), -ESRCH);
    event_world_end();
}

/* An unmask tells the vCPU only what it does not know yet. */
static void test_unmask(void)
{
    struct evtchn_bind_ipi a = {.vcpu = 0}, b = {.vcpu = 0};
    struct evtchn_unmask u;
    struct vcpu *v = world_vcpu(1, 0);

    event_world_reset(60);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &a), 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &b), 0);
    u.port = a.port;
    bit_set(world_domain(1)->shared_info->evtchn_mask, a.port);
    CHECK_EQ(op(EVTCHNOP_unmask, &u), 0); /* nothing is pending */
    CHECK(!event_world_woken(v));
    bit_set(world_domain(1)->shared_info->evtchn_mask, a.port);
    CHECK_EQ(send(a.port), 0);
    CHECK(!event_world_woken(v));
    CHECK_EQ(send(b.port), 0);
    CHECK(event_world_woken(v));
    CHECK_EQ(op(EVTCHNOP_unmask, &u), 0); /* the other port's word is looked at anyway */
    CHECK(!event_world_woken(v));
    CHECK_EQ(event_world_upcall(v), 2);
    event_world_end();
}

/* Events for nobody: no such port, no such domain, no vCPU yet. */
static void test_nobody(void)
{
    struct vcpu *v;
    struct domain *d;

    event_world_reset(200);
    event_send_pirq(world_domain(1), 150);
    CHECK(!event_port_pending(world_domain(1), 150));
    CHECK(!event_port_pending(world_domain(1), 4095));

    /* Before Domain0 is there, and while it has no vCPU. */
    d = domain0;
    domain0 = NULL;
    event_send_global_virq(VIRQ_CONSOLE);
    domain0 = d;
    v = d->vcpus[0];
    d->vcpus[0] = NULL;
    event_send_global_virq(VIRQ_CONSOLE);
    d->vcpus[0] = v;
    CHECK(!event_world_woken(v));
    event_world_end();
}

/* A vCPU that polls for any port is woken by each, also by one that is masked. */
static void test_poll_any(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct vcpu *v;

    event_world_reset(200);
    world_run(1, 0);
    CHECK_EQ(op(EVTCHNOP_bind_ipi, &ipi), 0);
    bit_set(world_domain(1)->shared_info->evtchn_mask, ipi.port);
    v = world_vcpu(1, 1);
    v->sched.is_blocked = v->sched.is_polling = true;
    v->event.poll_port = 0;
    CHECK_EQ(send(ipi.port), 0);
    CHECK(event_world_woken(v));
    v->sched.is_blocked = v->sched.is_polling = false;
    event_world_end();
}

int main(void)
{
    test_faults();
    test_old_call();
    test_numbers();
    test_full();
    test_kinds();
    test_reset();
    test_unmask();
    test_nobody();
    test_poll_any();
    test_bits();
    test_bits_compat();
    test_channel();
    test_loopback();
    test_privilege();
    test_virqs();
    test_pirqs();
    test_ipi_and_poll();
    test_limits();
    test_death();
    return check_report();
}
