/* What the files of event/ share among themselves. */
#ifndef EVENT_INTERNAL_H
#define EVENT_INTERNAL_H

#include "domain/domain.h"
#include "event/port.h"

/*
 * Locks. A domain's event lock guards the states of its ports. Whoever joins, parts or closes ports
 * holds event_pair_lock first and may then take both domains' event locks in any order; so two ends
 * change together, and the peer of a joined port, which is looked at under either end's lock,
 * cannot go away. Senders from hypercalls hold their own domain's event lock only.
 *
 * Virtual and physical interrupts are sent from interrupt handlers and from under other locks (a
 * message about a port may itself raise VIRQ_CON_RING), so they take no lock: they read the port's
 * vCPU from a table that never moves, with interrupts off. The worst that a race with a close can
 * do is one spurious event; event_close_all() waits for such senders.
 */
extern spinlock_t event_pair_lock;

/* Raises `port` of `d`, whoever is its vCPU: sets the bits, tells the vCPU, wakes pollers. */
void event_raise(struct domain *d, uint32_t port);

/* The vCPU with whom a virtual interrupt's port is kept, given the one named when binding. */
static inline struct vcpu *virq_keeper(const struct domain *d, unsigned virq, unsigned vcpu)
{
    return d->vcpus[virq_is_per_vcpu(virq) ? vcpu : 0];
}

/* The operations: 0 or a new port in *port, and the errors that the ABI documents. */
long event_send(struct domain *d, uint32_t port);
long event_alloc_unbound(struct domain *d, domid_t peer_id, uint32_t *port);
long event_bind_interdomain(struct domain *d, struct domain *peer, uint32_t peer_port,
                            uint32_t *port);
long event_bind_virq(struct domain *d, unsigned virq, unsigned vcpu, uint32_t *port);
long event_bind_ipi(struct domain *d, unsigned vcpu, uint32_t *port);
long event_bind_pirq(struct domain *d, unsigned pirq, bool will_share, uint32_t *port);
long event_bind_vcpu(struct domain *d, uint32_t port, unsigned vcpu);
long event_unmask(struct domain *d, uint32_t port);
long event_close(struct domain *d, uint32_t port);
long event_status(struct domain *d, struct evtchn_status *status);

#endif
