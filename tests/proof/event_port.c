/* sources: hypervisor/event/port.c */
/* options: --unwind 6 --object-bits 10 --no-standard-checks */
/* entries: prove_open prove_connect prove_part prove_close */
/* property: from every state in which joined ports name each other, what opens, joins, parts and
 * closes ports leads to such a state, so no port is joined to two; only the ports concerned change;
 * who parts leaves the other end waiting for the same domain. Called as bind.c and close.c do: a
 * closed port is opened, one that waits for a domain is joined by it. 2 domains of 3 ports. */
#include "event/port.h"
#include "lib/errno.h"
#include "proof.h"

#define PORTS 4 /* port 0 does not exist */

static struct domain *const domains[2] = {(struct domain *)0x1000, (struct domain *)0x2000};
static struct event_port ports[2][PORTS], before[2][PORTS];
static unsigned third_id, third; /* any port that is not concerned */

void *zalloc(size_t size)
{
    return NULL;
}

static bool joined_ok(unsigned id, uint32_t port)
{
    const struct event_port *p = &ports[id][port], *other;

    if (p->state != EVTCHNSTAT_interdomain)
        return true;
    if ((p->peer != domains[0] && p->peer != domains[1]) || !p->peer_port || p->peer_port >= PORTS)
        return false;
    other = &ports[p->peer == domains[1]][p->peer_port];
    return other != p && other->state == EVTCHNSTAT_interdomain && other->peer == domains[id] &&
           other->peer_port == port;
}

static bool whole(void)
{
    bool ok = true;

    for (unsigned id = 0; id < 2; id++)
        for (uint32_t port = 1; port < PORTS; port++)
            ok = joined_ok(id, port) && ok;
    return ok;
}

static void start(void)
{
    for (unsigned id = 0; id < 2; id++)
        for (uint32_t port = 1; port < PORTS; port++) {
            struct event_port *p = &ports[id][port];

            p->state = (uint8_t)any_unsigned();
            p->vcpu = (uint16_t)any_unsigned();
            p->peer_id = (domid_t)any_unsigned();
            p->peer_port = any_unsigned();
            p->peer = any_bool() ? domains[0] : domains[1];
            before[id][port] = *p;
        }
    third_id = any_bool(), third = any_unsigned();
    ASSUME(third > 0 && third < PORTS && whole());
}

static uint32_t any_port(void)
{
    uint32_t port = any_unsigned();

    ASSUME(port > 0 && port < PORTS);
    return port;
}

static void check_third(void)
{
    const struct event_port *now = &ports[third_id][third], *was = &before[third_id][third];

    PROVE(whole(), "joined ports name each other");
    PROVE(now->state == was->state && now->vcpu == was->vcpu && now->peer == was->peer &&
              now->peer_port == was->peer_port && now->peer_id == was->peer_id,
          "no other port changes");
}

void prove_open(void)
{
    unsigned id = any_bool(), kind = any_unsigned();
    uint32_t port = any_port(), what = any_unsigned();
    struct event_port *p = &ports[id][port];

    start();
    ASSUME(p->state == EVTCHNSTAT_closed && !(third_id == id && third == port));
    if (kind == 0)
        port_open_unbound(p, (domid_t)what);
    else if (kind == 1)
        port_open_virq(p, what, any_unsigned());
    else if (kind == 2)
        port_open_ipi(p, any_unsigned());
    else
        port_open_pirq(p, what);
    check_third();
    PROVE(p->state != EVTCHNSTAT_closed && p->state != EVTCHNSTAT_interdomain, "open, not joined");
    PROVE(port_awaits(p, (domid_t)what) == (kind == 0), "it waits for the domain named, if any");
    PROVE(kind != 1 || port_is_movable(p) == !virq_is_per_vcpu(what), "a vCPU's own stays with it");
}

void prove_connect(void)
{
    unsigned a = any_bool(), b = any_bool();
    uint32_t port_a = any_port(), port_b = any_port();
    struct event_port *pa = &ports[a][port_a], *pb = &ports[b][port_b];

    start();
    ASSUME(pa->state == EVTCHNSTAT_closed && port_awaits(pb, (domid_t)a));
    ASSUME(!(third_id == a && third == port_a) && !(third_id == b && third == port_b));
    ports_connect(pa, domains[a], port_a, pb, domains[b], port_b);
    check_third();
    PROVE(pa->peer == domains[b] && pa->peer_port == port_b, "joined to the one named");
    PROVE(!port_awaits(pb, (domid_t)a), "which waits for nobody more");
    PROVE(pb->vcpu == before[b][port_b].vcpu, "and keeps its vCPU");
}

void prove_part(void)
{
    unsigned id = any_bool(), peer;
    uint32_t port = any_port(), peer_port;
    struct event_port *p = &ports[id][port];

    start();
    ASSUME(p->state == EVTCHNSTAT_interdomain);
    peer = p->peer == domains[1], peer_port = p->peer_port;
    ASSUME(!(third_id == id && third == port) && !(third_id == peer && third == peer_port));
    ports_part(p, (domid_t)id, &ports[peer][peer_port]);
    check_third();
    PROVE(p->state == EVTCHNSTAT_closed, "closed");
    PROVE(port_awaits(&ports[peer][peer_port], (domid_t)id), "the other waits for this domain");
}

void prove_close(void)
{
    unsigned id = any_bool();
    uint32_t port = any_port();

    start();
    ASSUME(ports[id][port].state != EVTCHNSTAT_interdomain);
    ASSUME(!(third_id == id && third == port));
    port_close(&ports[id][port]);
    check_third();
    PROVE(ports[id][port].state == EVTCHNSTAT_closed, "closed");
}
