/* What a debug key prints about event channels. */
#include "event/internal.h"

#include "lib/printk.h"

static void dump_port(const struct domain *d, uint32_t port, const struct event_port *p)
{
    static const char *const names[] = {"closed", "unbound", "interdomain", "pirq", "virq", "ipi"};
    const char *pending = port_is_pending(d->shared_info, port) ? " pending" : "";
    const char *masked = port_is_masked(d->shared_info, port, d->is_compat) ? " masked" : "";

    switch (p->state) {
    case EVTCHNSTAT_unbound:
        log_info("  %4u vCPU %u awaits d%u%s%s", port, p->vcpu, p->peer_id, pending, masked);
        break;
    case EVTCHNSTAT_interdomain:
        log_info("  %4u vCPU %u to d%u port %u%s%s", port, p->vcpu, p->peer->id, p->peer_port,
                 pending, masked);
        break;
    default:
        log_info("  %4u vCPU %u %s %u%s%s", port, p->vcpu, names[p->state],
                 p->state == EVTCHNSTAT_ipi ? p->vcpu : p->virq, pending, masked);
    }
}

/* Waits for no domain's lock: the key is pressed when something hangs. */
void event_dump(void)
{
    struct domain *d;

    for_each_domain (d) {
        log_info("domain %u: event channels, %u allocated, at most %u", d->id, d->event.allocated,
                 d->event.limit);
        if (!spin_trylock(&d->event.lock)) {
            log_info("  busy");
            continue;
        }
        for (uint32_t port = 1; port < d->event.allocated; port++) {
            const struct event_port *p = port_lookup(&d->event, port);

            if (p->state != EVTCHNSTAT_closed)
                dump_port(d, port, p);
        }
        spin_unlock(&d->event.lock);
    }
}
