/* sources: hypervisor/event/port.c hypervisor/event/bind.c hypervisor/event/send.c hypervisor/event/close.c */
/* options: --unwind 6 --object-bits 10 --no-standard-checks */
/* entries: prove_open prove_join prove_virq prove_pirq prove_move prove_close prove_send */
/* property: from every state of ports that is whole, every operation leads to such a state: joined
 * ports name each other, so none is bound twice; a virtual or physical interrupt has one port and
 * it knows; each port has a vCPU; a refusal changes nothing. 2 domains of 3 ports and 2 vCPUs, 1
 * physical interrupt. */
#include "event/internal.h"
#include "lib/errno.h"
#include "proof.h"
#include "schedule/schedule.h"
#include "x86/irq.h"
#include "x86/smp.h"

#define DOMAINS 2
#define PORTS 4 /* port 0 does not exist */
#define VCPUS 2

static struct domain domains[DOMAINS];
static struct vcpu vcpus[DOMAINS][VCPUS];
static struct vcpu *vcpu_tables[DOMAINS][VCPUS];
static struct vcpu_info infos[DOMAINS][VCPUS];
static struct shared_info shared[DOMAINS];
static struct event_port ports[DOMAINS][PORTS], before[DOMAINS][PORTS];
static uint32_t pirq_port; /* of domain 0 */
struct domain *domain0 = &domains[0];
cpumask_t cpus_online;
struct vcpu *host_current;
unsigned host_cpu;

void spin_lock(spinlock_t *l)
{
}

void spin_unlock(spinlock_t *l)
{
}

void vcpu_unblock(struct vcpu *v)
{
}

unsigned nr_pirqs(void)
{
    return 1;
}

int pirq_bind(struct domain *d, unsigned pirq, uint32_t port, bool will_share)
{
    if (pirq_port)
        return -EEXIST;
    if (any_bool())
        return -EBUSY;
    pirq_port = port;
    return 0;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
    PROVE(pirq_port != 0, "unbound once");
    pirq_port = 0;
}

void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu)
{
}

bool preempt_needed(void)
{
    return any_bool();
}

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
}

/* The table is full when all ports are open. */
void *zalloc(size_t size)
{
    return NULL;
}

void zfree(void *p)
{
}

static unsigned id_of(const struct domain *d)
{
    return d == &domains[1];
}

static bool joined_ok(unsigned id, uint32_t port)
{
    const struct event_port *p = &ports[id][port], *other;

    if (p->peer != &domains[0] && p->peer != &domains[1])
        return false;
    if (p->peer_port == 0 || p->peer_port >= PORTS)
        return false;
    other = &ports[id_of(p->peer)][p->peer_port];
    return other != p && other->state == EVTCHNSTAT_interdomain && other->peer == &domains[id] &&
           other->peer_port == port;
}

static bool port_ok(unsigned id, uint32_t port)
{
    const struct event_port *p = &ports[id][port];

    if (p->vcpu >= VCPUS)
        return false;
    switch (p->state) {
    case EVTCHNSTAT_closed:
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_ipi:
        return true;
    case EVTCHNSTAT_interdomain:
        return joined_ok(id, port);
    case EVTCHNSTAT_virq:
        return p->virq < NR_VIRQS &&
               virq_keeper(&domains[id], p->virq, p->vcpu)->event.virq_port[p->virq] == port;
    case EVTCHNSTAT_pirq:
        return id == 0 && p->pirq == 0 && pirq_port == port;
    default:
        return false;
    }
}

/* What a vCPU believes to be the port of a virtual interrupt is that, for one vCPU and interrupt of
 * any. */
static bool virq_ok(unsigned id, unsigned vcpu, unsigned virq)
{
    uint32_t port = vcpus[id][vcpu].event.virq_port[virq];

    if (port == 0)
        return true;
    return port < PORTS && ports[id][port].state == EVTCHNSTAT_virq &&
           ports[id][port].virq == virq &&
           virq_keeper(&domains[id], virq, ports[id][port].vcpu) == &vcpus[id][vcpu];
}

static bool whole(void)
{
    bool ok = pirq_port == 0 || (pirq_port < PORTS && ports[0][pirq_port].state == EVTCHNSTAT_pirq);

    for (unsigned id = 0; id < DOMAINS; id++)
        for (uint32_t port = 1; port < PORTS; port++)
            ok = port_ok(id, port) && ok;
    return ok;
}

static struct event_port any_port(void)
{
    struct event_port p = {.state = (uint8_t)any_unsigned(), .vcpu = (uint16_t)any_unsigned()};

    p.peer_id = (domid_t)any_unsigned();
    p.peer_port = any_unsigned();
    p.peer = any_bool() ? &domains[0] : &domains[1];
    return p;
}

/* The vCPU and interrupt whose entry is looked at; any. */
static unsigned some_id, some_vcpu, some_virq;

static void start(void)
{
    for (unsigned id = 0; id < DOMAINS; id++) {
        struct domain *d = &domains[id];

        d->id = (domid_t)id;
        d->max_vcpus = VCPUS;
        d->vcpus = vcpu_tables[id];
        d->state = any_bool() ? DOMAIN_ALIVE : DOMAIN_DYING;
        d->shared_info = &shared[id];
        d->event.allocated = d->event.limit = PORTS;
        d->event.pieces[0] = ports[id];
        for (unsigned i = 0; i < VCPUS; i++) {
            vcpu_tables[id][i] = &vcpus[id][i];
            vcpus[id][i].id = i;
            vcpus[id][i].domain = d;
            vcpus[id][i].event.info = &infos[id][i];
            for (unsigned virq = 0; virq < 3; virq++)
                vcpus[id][i].event.virq_port[virq] = any_unsigned();
        }
        for (uint32_t port = 1; port < PORTS; port++)
            ports[id][port] = before[id][port] = any_port();
    }
    domains[0].is_hardware = true;
    pirq_port = any_unsigned();
    some_id = any_bool(), some_vcpu = any_bool(), some_virq = any_unsigned();
    ASSUME(some_virq < 3);
    ASSUME(whole() && virq_ok(some_id, some_vcpu, some_virq));
}

static void check(long rc, bool refusal_is_quiet)
{
    unsigned id = any_bool(), port = any_unsigned();

    PROVE(whole(), "ports and what names them agree");
    PROVE(virq_ok(some_id, some_vcpu, some_virq), "and so do virtual interrupts");
    ASSUME(port > 0 && port < PORTS);
    PROVE(!rc || !refusal_is_quiet || ports[id][port].state == before[id][port].state,
          "a refusal opens and closes nothing");
}

/* A new port was closed, is the caller's and has no stale event. */
static void check_new(unsigned id, long rc, uint32_t port, unsigned state)
{
    check(rc, true);
    if (rc)
        return;
    PROVE(port > 0 && port < PORTS && before[id][port].state == EVTCHNSTAT_closed, "it was closed");
    PROVE(ports[id][port].state == state, "it is what was asked for");
    PROVE(domains[id].state == DOMAIN_ALIVE, "no dying domain gets one");
}

void prove_open(void)
{
    const unsigned id = 0;
    unsigned vcpu = any_unsigned();
    uint32_t port = 0;
    bool ipi = any_bool();
    long rc;

    start();
    rc = ipi ? event_bind_ipi(&domains[id], vcpu, &port)
             : event_alloc_unbound(&domains[id], (domid_t)any_unsigned(), &port);
    check_new(id, rc, port, ipi ? EVTCHNSTAT_ipi : EVTCHNSTAT_unbound);
    PROVE(rc || !port_is_pending(&shared[id], port), "no stale event");
    PROVE(rc || ports[id][port].vcpu == (ipi ? vcpu : 0), "of the vCPU asked for");
}

void prove_join(void)
{
    const unsigned id = 0;
    unsigned peer = any_bool();
    uint32_t peer_port = any_unsigned(), port = 0;
    long rc;

    start();
    rc = event_bind_interdomain(&domains[id], &domains[peer], peer_port, &port);
    check_new(id, rc, port, EVTCHNSTAT_interdomain);
    if (rc)
        return;
    PROVE(peer_port < PORTS && before[peer][peer_port].state == EVTCHNSTAT_unbound,
          "it was waiting");
    PROVE(before[peer][peer_port].peer_id == id, "for this domain");
    PROVE(port_is_pending(&shared[id], port), "what was sent before is not lost");
}

void prove_virq(void)
{
    const unsigned id = 0;
    unsigned virq = any_unsigned(), vcpu = any_unsigned();
    uint32_t port = 0, was;
    long rc;

    start();
    ASSUME(virq == some_virq);
    was = vcpus[some_id][some_vcpu].event.virq_port[virq];
    rc = event_bind_virq(&domains[id], virq, vcpu, &port);
    check_new(id, rc, port, EVTCHNSTAT_virq);
    PROVE(!was || vcpus[some_id][some_vcpu].event.virq_port[virq] == was,
          "one bound stays as it is");
    PROVE(rc || vcpu == 0 || virq_is_per_vcpu(virq), "a global one is with vCPU 0");
}

void prove_pirq(void)
{
    const unsigned id = 0;
    uint32_t port = 0, was;
    long rc;

    start();
    was = pirq_port;
    rc = event_bind_pirq(&domains[id], any_unsigned(), any_bool(), &port);
    check_new(id, rc, port, EVTCHNSTAT_pirq);
    PROVE(rc || (id == 0 && was == 0), "once, and by the hardware domain only");
}

void prove_move(void)
{
    const unsigned id = 0;
    unsigned vcpu = any_unsigned();
    uint32_t port = any_unsigned();
    long rc;

    start();
    rc = event_bind_vcpu(&domains[id], port, vcpu);
    check(rc, true);
    PROVE(rc || ports[id][port].vcpu == vcpu, "moved");
}

void prove_close(void)
{
    const unsigned id = 0;
    unsigned peer;
    uint32_t port = any_unsigned();
    struct event_port was;
    long rc;

    start();
    rc = event_close(&domains[id], port);
    check(rc, true);
    PROVE((rc == 0) == (port > 0 && port < PORTS && before[id][port].state != EVTCHNSTAT_closed),
          "every open port can be closed, once");
    if (rc)
        return;
    was = before[id][port];
    PROVE(ports[id][port].state == EVTCHNSTAT_closed, "it is closed");
    PROVE(!port_is_pending(&shared[id], port), "with its event");
    peer = id_of(was.peer);
    if (was.state == EVTCHNSTAT_interdomain)
        PROVE(ports[peer][was.peer_port].state == EVTCHNSTAT_unbound &&
                  ports[peer][was.peer_port].peer_id == id,
              "the other end waits for this domain again");
}

void prove_send(void)
{
    const unsigned id = 0;
    unsigned to;
    uint32_t port = any_unsigned(), at;
    long rc;

    start();
    rc = event_send(&domains[id], port);
    check(rc, true);
    if (rc || ports[id][port].state == EVTCHNSTAT_unbound)
        return;
    to = ports[id][port].state == EVTCHNSTAT_ipi ? id : id_of(ports[id][port].peer);
    at = ports[id][port].state == EVTCHNSTAT_ipi ? port : ports[id][port].peer_port;
    PROVE(port_is_pending(&shared[to], at), "an event sent is pending");
}
