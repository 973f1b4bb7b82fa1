/* EVENT_CHANNEL_OP: arguments in, whose ports, results out. */
#include "event/internal.h"

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "x86/current.h"

static domid_t resolve_self(domid_t id)
{
    return id == DOMID_SELF ? current->domain->id : id;
}

static long op_alloc_unbound(struct evtchn_alloc_unbound *op)
{
    int error;
    struct domain *d = domain_get_subject(op->dom, &error);
    long rc;

    if (!d)
        return error;
    rc = event_alloc_unbound(d, resolve_self(op->remote_dom), &op->port);
    domain_put(d);
    return rc;
}

static long op_bind_interdomain(struct evtchn_bind_interdomain *op)
{
    struct domain *peer = domain_get(op->remote_dom);
    long rc;

    if (!peer)
        return refuse(-ESRCH);
    rc = event_bind_interdomain(current->domain, peer, op->remote_port, &op->local_port);
    domain_put(peer);
    return rc;
}

static long op_status(struct evtchn_status *op)
{
    int error;
    struct domain *d = domain_get_subject(op->dom, &error);
    long rc;

    if (!d)
        return error;
    rc = event_status(d, op);
    domain_put(d);
    return rc;
}

static long op_reset(const struct evtchn_reset *op)
{
    int error;
    struct domain *d = domain_get_subject(op->dom, &error);
    long rc;

    if (!d)
        return error;
    rc = event_reset(d);
    domain_put(d);
    return rc;
}

long event_status(struct domain *d, struct evtchn_status *status)
{
    const struct event_port *p;

    spin_lock(&d->event.lock);
    p = port_lookup(&d->event, status->port);
    if (!p) {
        spin_unlock(&d->event.lock);
        return refuse(-EINVAL);
    }
    status->status = p->state;
    status->vcpu = p->vcpu;
    switch (p->state) {
    case EVTCHNSTAT_unbound:
        status->u.unbound.dom = p->peer_id;
        break;
    case EVTCHNSTAT_interdomain:
        status->u.interdomain.dom = p->peer->id;
        status->u.interdomain.port = p->peer_port;
        break;
    case EVTCHNSTAT_pirq:
        status->u.pirq = p->pirq;
        break;
    case EVTCHNSTAT_virq:
        status->u.virq = p->virq;
        break;
    }
    spin_unlock(&d->event.lock);
    return 0;
}

/* Every structure that an operation takes, so that one copy in and one out serve them all. */
union event_args {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_close close;
    struct evtchn_send send;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_unmask unmask;
    struct evtchn_reset reset;
};

/* Bytes of the operation's structure; 0 for those that are not offered, the FIFO ABI among them:
 * guests then use the two-level one. */
static size_t args_size(unsigned cmd, bool *gives)
{
    union event_args *a;

    *gives = cmd == EVTCHNOP_alloc_unbound || cmd == EVTCHNOP_bind_interdomain ||
             cmd == EVTCHNOP_bind_virq || cmd == EVTCHNOP_bind_pirq || cmd == EVTCHNOP_bind_ipi ||
             cmd == EVTCHNOP_status;
    switch (cmd) {
    case EVTCHNOP_alloc_unbound:
        return sizeof(a->alloc_unbound);
    case EVTCHNOP_bind_interdomain:
        return sizeof(a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return sizeof(a->bind_virq);
    case EVTCHNOP_bind_pirq:
        return sizeof(a->bind_pirq);
    case EVTCHNOP_bind_ipi:
        return sizeof(a->bind_ipi);
    case EVTCHNOP_close:
        return sizeof(a->close);
    case EVTCHNOP_status:
        return sizeof(a->status);
    case EVTCHNOP_bind_vcpu:
        return sizeof(a->bind_vcpu);
    case EVTCHNOP_unmask:
        return sizeof(a->unmask);
    case EVTCHNOP_reset:
        return sizeof(a->reset);
    default:
        return 0;
    }
}

static long perform(unsigned cmd, union event_args *a)
{
    struct domain *d = current->domain;

    switch (cmd) {
    case EVTCHNOP_alloc_unbound:
        return op_alloc_unbound(&a->alloc_unbound);
    case EVTCHNOP_bind_interdomain:
        return op_bind_interdomain(&a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return event_bind_virq(d, a->bind_virq.virq, a->bind_virq.vcpu, &a->bind_virq.port);
    case EVTCHNOP_bind_pirq:
        return event_bind_pirq(d, a->bind_pirq.pirq, a->bind_pirq.flags & BIND_PIRQ__WILL_SHARE,
                               &a->bind_pirq.port);
    case EVTCHNOP_bind_ipi:
        return event_bind_ipi(d, a->bind_ipi.vcpu, &a->bind_ipi.port);
    case EVTCHNOP_close:
        return event_close(d, a->close.port);
    case EVTCHNOP_status:
        return op_status(&a->status);
    case EVTCHNOP_bind_vcpu:
        return event_bind_vcpu(d, a->bind_vcpu.port, a->bind_vcpu.vcpu);
    case EVTCHNOP_unmask:
        return event_unmask(d, a->unmask.port);
    default: /* EVTCHNOP_reset: no other has a size */
        return op_reset(&a->reset);
    }
}

long do_event_channel_op(unsigned cmd, uint64_t arg)
{
    union event_args args;
    bool gives;
    size_t size;
    long rc;

    /* The one that is called all the time. */
    if (likely(cmd == EVTCHNOP_send)) {
        if (!copy_from_guest(&args.send, arg, sizeof(args.send)))
            return refuse(-EFAULT);
        return event_send(current->domain, args.send.port);
    }

    size = args_size(cmd, &gives);
    if (size == 0)
        return refuse(-ENOSYS);
    if (!copy_from_guest(&args, arg, size))
        return refuse(-EFAULT);
    rc = perform(cmd, &args);
    if (rc == 0 && gives && !copy_to_guest(arg, &args, size))
        return refuse(-EFAULT);
    return rc;
}

/* The form from before 2006: the command is in the structure. */
long do_event_channel_op_compat(uint64_t arg)
{
    uint32_t cmd;

    if (!copy_from_guest(&cmd, arg + offsetof(struct evtchn_op, cmd), sizeof(cmd)))
        return refuse(-EFAULT);
    return do_event_channel_op(cmd, arg + offsetof(struct evtchn_op, u));
}
