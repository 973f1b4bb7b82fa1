/* Opening ports, and moving them between vCPUs. */
#include "event/internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "x86/irq.h"

/* A closed port of `d`, which is not dying: its table is not being emptied. Event lock. */
static long find_closed(struct domain *d)
{
    if (d->state != DOMAIN_ALIVE)
        return refuse(-ESRCH);
    return port_find_closed(&d->event);
}

/* What every opener does last: tells the caller its port, drops a stale event of a former owner. */
static long opened(struct domain *d, long number, uint32_t *port)
{
    if (number < 0)
        return number;
    port_clear_pending(d->shared_info, (uint32_t)number);
    *port = (uint32_t)number;
    return 0;
}

long event_alloc_unbound(struct domain *d, domid_t peer_id, uint32_t *port)
{
    long number;

    spin_lock(&d->event.lock);
    number = find_closed(d);
    if (number > 0)
        port_open_unbound(port_lookup(&d->event, number), peer_id);
    number = opened(d, number, port);
    spin_unlock(&d->event.lock);
    return number;
}

/* Both event locks. */
static long connect(struct domain *d, struct domain *peer, uint32_t peer_port, uint32_t *port)
{
    struct event_port *theirs = port_lookup(&peer->event, peer_port);
    long number;

    if (!theirs || !port_awaits(theirs, d->id) || peer->state != DOMAIN_ALIVE)
        return refuse(-EINVAL);
    number = find_closed(d);
    if (number > 0)
        ports_connect(port_lookup(&d->event, number), d, number, theirs, peer, peer_port);
    return opened(d, number, port);
}

long event_bind_interdomain(struct domain *d, struct domain *peer, uint32_t peer_port,
                            uint32_t *port)
{
    long rc;

    spin_lock(&event_pair_lock);
    spin_lock(&d->event.lock);
    if (peer != d)
        spin_lock(&peer->event.lock);
    rc = connect(d, peer, peer_port, port);
    /* What the peer sent while nobody listened is lost; the ABI has one event stand for all. */
    if (rc == 0)
        event_raise(d, *port);
    if (peer != d)
        spin_unlock(&peer->event.lock);
    spin_unlock(&d->event.lock);
    spin_unlock(&event_pair_lock);
    return rc;
}

/* Event lock. */
static long bind_virq(struct domain *d, unsigned virq, unsigned vcpu, uint32_t *port)
{
    struct vcpu *keeper = virq_keeper(d, virq, vcpu);
    long rc, number;

    if (keeper->event.virq_port[virq])
        return refuse(-EEXIST);
    number = find_closed(d);
    if (number > 0)
        port_open_virq(port_lookup(&d->event, number), virq, vcpu);
    rc = opened(d, number, port);
    if (rc == 0)
        WRITE_ONCE(keeper->event.virq_port[virq], *port);
    return rc;
}

long event_bind_virq(struct domain *d, unsigned virq, unsigned vcpu, uint32_t *port)
{
    long rc;

    if (virq >= NR_VIRQS)
        return refuse(-EINVAL);
    if (vcpu != 0 && !virq_is_per_vcpu(virq))
        return refuse(-EINVAL);
    if (!domain_vcpu(d, vcpu))
        return refuse(-ENOENT);

    spin_lock(&d->event.lock);
    rc = bind_virq(d, virq, vcpu, port);
    spin_unlock(&d->event.lock);
    return rc;
}

long event_bind_ipi(struct domain *d, unsigned vcpu, uint32_t *port)
{
    long number;

    if (!domain_vcpu(d, vcpu))
        return refuse(-ENOENT);

    spin_lock(&d->event.lock);
    number = find_closed(d);
    if (number > 0)
        port_open_ipi(port_lookup(&d->event, number), vcpu);
    number = opened(d, number, port);
    spin_unlock(&d->event.lock);
    return number;
}

/* Event lock. The interrupt may fire as soon as it is bound, so the port is ready before. */
static long bind_pirq(struct domain *d, unsigned pirq, bool will_share, uint32_t *port)
{
    long number = find_closed(d);
    struct event_port *p;
    long rc;

    if (number < 0)
        return number;
    p = port_lookup(&d->event, number);
    port_open_pirq(p, pirq);
    opened(d, number, port);
    rc = pirq_bind(d, pirq, (uint32_t)number, will_share);
    if (rc)
        port_close(p);
    return rc;
}

long event_bind_pirq(struct domain *d, unsigned pirq, bool will_share, uint32_t *port)
{
    long rc;

    if (!d->is_hardware)
        return refuse(-EPERM);
    if (pirq >= nr_pirqs())
        return refuse(-EINVAL);

    spin_lock(&d->event.lock);
    rc = bind_pirq(d, pirq, will_share, port);
    spin_unlock(&d->event.lock);
    return rc;
}

long event_bind_vcpu(struct domain *d, uint32_t port, unsigned vcpu)
{
    struct vcpu *v = domain_vcpu(d, vcpu);
    struct event_port *p;

    if (!v)
        return refuse(-ENOENT);

    spin_lock(&d->event.lock);
    p = port_lookup(&d->event, port);
    if (!p || !port_is_movable(p)) {
        spin_unlock(&d->event.lock);
        return refuse(-EINVAL);
    }
    WRITE_ONCE(p->vcpu, (uint16_t)vcpu);
    if (p->state == EVTCHNSTAT_pirq)
        pirq_set_cpu(d, p->pirq, v->sched.cpu);
    spin_unlock(&d->event.lock);
    return 0;
}
