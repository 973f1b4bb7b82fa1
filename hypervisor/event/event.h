/* Event channels (SOSP'03 3.1): what each vCPU and domain keeps, and how to send. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "lib/abi.h"
#include <xen/event_channel.h>

#include "lib/bitmap.h"
#include "lib/spinlock.h"
#include "lib/types.h"

struct vcpu;
struct domain;
struct event_port;

struct vcpu_event {
    struct vcpu_info *info;       /* Ringfort's mapping: in shared_info, or the registered page */
    struct frame *info_frame;     /* reference held for a registered vcpu_info */
    uint32_t virq_port[NR_VIRQS]; /* 0: not bound */
    uint32_t poll_port;           /* first port polled; see schedule */
};

/* Ports come in pieces that never move and live as long as the domain, so that senders may look a
 * port up without a lock. */
#define EVENT_PORTS_PER_PIECE 128
#define EVENT_PIECES (EVTCHN_2L_NR_CHANNELS / EVENT_PORTS_PER_PIECE)

struct domain_event {
    spinlock_t lock; /* LOCK_EVENT; never taken by interrupt handlers */
    struct event_port *pieces[EVENT_PIECES];
    unsigned allocated; /* ports that exist, used or not */
    unsigned limit;     /* ports the domain may have (ABI, width, createdomain) */
};

/* Prepares a new domain to have ports 1 to `max_port`, at most what the two-level ABI allows.
 * Returns 0; no port exists yet. */
int event_init_domain(struct domain *d, unsigned max_port);
/* Closes all ports, preemptibly: 0 or -ERESTART. Only for a dying domain. When it has returned 0
 * nobody touches the domain's shared_info or vcpu_info any more to send it an event; the caller
 * releases those afterwards. */
int event_close_all(struct domain *d);
/* Frees the port table of a domain that nobody refers to. */
void event_free_domain(struct domain *d);
/* Points v->event.info at shared_info (ids below LEGACY_VCPUS) or at a dummy. */
void event_init_vcpu(struct vcpu *v);
/* False while the vCPU has only the dummy, with which it must not run. */
bool event_has_place(const struct vcpu *v);
/* VCPUOP_register_vcpu_info. -EINVAL twice or misplaced. `v` is current or down. */
int event_register_vcpu_info(struct vcpu *v, gfn_t frame, uint32_t offset);
/* Gives the registered page back; only after event_close_all(). Harmless without one. */
void event_unregister_vcpu_info(struct vcpu *v);

/* Raises a per-vCPU virtual interrupt; nothing if unbound. Any context. */
void event_send_vcpu_virq(struct vcpu *v, unsigned virq);
/* Raises a global virtual interrupt with its handler domain (Domain0). Any context. */
void event_send_global_virq(unsigned virq);
/* Raises the port that a physical interrupt is bound to. Any context. */
void event_send_pirq(struct domain *d, uint32_t port);

/* True when an upcall is due: pending and not masked. */
static inline bool event_deliverable(const struct vcpu_info *info)
{
    return READ_ONCE(info->evtchn_upcall_pending) && !READ_ONCE(info->evtchn_upcall_mask);
}

/* True when `port` of the domain is pending; the poll test. */
bool event_port_pending(struct domain *d, uint32_t port);

/* Closes every port of `d` that is open: 0, or -ERESTART when preempted. */
int event_reset(struct domain *d);

/* Prints every open port of every domain (debug key). */
void event_dump(void);

/* EVENT_CHANNEL_OP hypercall. */
long do_event_channel_op(unsigned cmd, uint64_t arg);
long do_event_channel_op_compat(uint64_t arg);

#endif
