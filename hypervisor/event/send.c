/* Sending: from a guest's port, from an interrupt, from Ringfort itself. */
#include "event/internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"

/* SCHEDOP_poll waits for bits, masked or not, so every newly pending port may be awaited. */
static void wake_pollers(struct domain *d, uint32_t port)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        uint32_t awaited = READ_ONCE(v->event.poll_port);

        if (READ_ONCE(v->sched.is_blocked) && READ_ONCE(v->sched.is_polling) &&
            (awaited == 0 || awaited == port))
            vcpu_unblock(v);
    }
}

void event_raise(struct domain *d, uint32_t port)
{
    const struct event_port *p = port_lookup(&d->event, port);
    struct vcpu *v = p ? domain_vcpu(d, READ_ONCE(p->vcpu)) : NULL;
    enum port_raised raised;

    if (!v)
        return;
    raised = port_raise(d->shared_info, READ_ONCE(v->event.info), port, d->is_compat);
    if (raised == RAISED_BEFORE)
        return;
    if (raised == RAISED_UPCALL)
        vcpu_unblock(v);
    wake_pollers(d, port);
}

static long send_locked(struct domain *d, uint32_t port)
{
    const struct event_port *p = port_lookup(&d->event, port);

    if (!p)
        return refuse(-EINVAL);
    switch (p->state) {
    case EVTCHNSTAT_interdomain:
        event_raise(p->peer, p->peer_port);
        return 0;
    case EVTCHNSTAT_ipi:
        event_raise(d, port);
        return 0;
    case EVTCHNSTAT_unbound:
        /* The peer has gone or not come yet; to the sender that is not an error. */
        return 0;
    default:
        return refuse(-EINVAL);
    }
}

long event_send(struct domain *d, uint32_t port)
{
    long rc;

    spin_lock(&d->event.lock);
    rc = send_locked(d, port);
    spin_unlock(&d->event.lock);
    return rc;
}

void event_send_vcpu_virq(struct vcpu *v, unsigned virq)
{
    unsigned long flags = irq_save();
    uint32_t port = READ_ONCE(v->event.virq_port[virq]);

    if (port)
        event_raise(v->domain, port);
    irq_restore(flags);
}

void event_send_global_virq(unsigned virq)
{
    struct vcpu *keeper = domain0 ? domain_vcpu(domain0, 0) : NULL;

    assert(!virq_is_per_vcpu(virq));
    if (keeper)
        event_send_vcpu_virq(keeper, virq);
}

void event_send_pirq(struct domain *d, uint32_t port)
{
    unsigned long flags = irq_save();

    event_raise(d, port);
    irq_restore(flags);
}

bool event_port_pending(struct domain *d, uint32_t port)
{
    return port < d->event.limit && port_is_pending(d->shared_info, port);
}

long event_unmask(struct domain *d, uint32_t port)
{
    const struct event_port *p;
    struct vcpu *v;

    spin_lock(&d->event.lock);
    p = port_lookup(&d->event, port);
    if (!p) {
        spin_unlock(&d->event.lock);
        return refuse(-EINVAL);
    }
    v = d->vcpus[p->vcpu];
    if (port_unmask(d->shared_info, v->event.info, port, d->is_compat))
        vcpu_unblock(v);
    spin_unlock(&d->event.lock);
    return 0;
}
