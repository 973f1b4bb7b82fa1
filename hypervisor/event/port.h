/*
 * One event channel port, and the bits that guests see of it. Pure: no lock, no domain structure;
 * compiles on the host.
 */
#ifndef EVENT_PORT_H
#define EVENT_PORT_H

#include "event/event.h"

/* `state` holds the ABI's EVTCHNSTAT_* numbers, so that free memory is closed ports. */
struct event_port {
    uint8_t state;
    uint16_t vcpu;   /* who is told */
    domid_t peer_id; /* UNBOUND: the only domain that may connect */
    union {
        uint32_t peer_port; /* INTERDOMAIN */
        uint32_t pirq;      /* PIRQ */
        uint32_t virq;      /* VIRQ */
    };
    struct domain *peer; /* INTERDOMAIN; no reference: closing either end ends both */
};

/* The port's entry, or NULL when the table has none of that number. Port 0 does not exist. Without
 * a lock only `vcpu` of an open port may be used. */
struct event_port *port_lookup(const struct domain_event *e, uint32_t port);

/* Finds the lowest closed port and grows the table when there is none. The caller opens it. Returns
 * its number; -ENOSPC at the limit, -ENOMEM. Event lock. */
long port_find_closed(struct domain_event *e);

/* Openers; the port was closed, `vcpu` exists. Event lock. */
void port_open_unbound(struct event_port *p, domid_t peer_id);
void port_open_virq(struct event_port *p, uint32_t virq, unsigned vcpu);
void port_open_ipi(struct event_port *p, unsigned vcpu);
void port_open_pirq(struct event_port *p, uint32_t pirq);

/* True when domain `id` may connect to the port. */
bool port_awaits(const struct event_port *p, domid_t id);

/* Joins two ports: `b` was waiting, `a` closed. Both domains' event locks. */
void ports_connect(struct event_port *a, struct domain *da, uint32_t port_a, struct event_port *b,
                   struct domain *db, uint32_t port_b);
/* Parts `p` from its peer's port `other`, which from now on waits for domain `id`, p's owner; `p`
 * itself is closed. Both event locks. */
void ports_part(struct event_port *p, domid_t id, struct event_port *other);
void port_close(struct event_port *p);

/* True for virtual interrupts that each vCPU has its own of. The others have one handler, whose
 * port is kept with vCPU 0. */
bool virq_is_per_vcpu(unsigned virq);

/* True when EVTCHNOP_bind_vcpu may move the port: it does not belong to one vCPU by nature. */
bool port_is_movable(const struct event_port *p);

/* What raising a port came to. */
enum port_raised {
    RAISED_BEFORE,  /* it was pending already */
    RAISED_QUIETLY, /* pending now, but masked or the vCPU knows already */
    RAISED_UPCALL,  /* pending now, and its vCPU has to be told */
};

/* Makes a port pending by the two-level ABI. All words are shared with a guest that changes them at
 * will: each is read or changed by one atomic operation and none is believed. `compat`: laid out
 * for a 32-bit guest, with 1024 ports. */
enum port_raised port_raise(struct shared_info *shared, struct vcpu_info *info, uint32_t port,
                            bool compat);
/* Unmasks the port; true when it was pending and its vCPU has to be told. */
bool port_unmask(struct shared_info *shared, struct vcpu_info *info, uint32_t port, bool compat);
/* Forgets a pending event, so that the port's next owner does not see it. */
void port_clear_pending(struct shared_info *shared, uint32_t port);
bool port_is_pending(const struct shared_info *shared, uint32_t port);
bool port_is_masked(struct shared_info *shared, uint32_t port, bool compat);

#endif
