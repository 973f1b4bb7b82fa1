/* Event channels with the two-level bitmaps. */
#ifndef GUEST_EVENT_H
#define GUEST_EVENT_H

#include "abi.h"

#define WORD_BITS (8 * sizeof(xen_ulong_t))
#define EVENT_PORTS (WORD_BITS * WORD_BITS)

/* How often a port's event was taken by an upcall, and on which vCPU last. */
extern volatile unsigned event_count[EVENT_PORTS];
extern volatile unsigned event_vcpu[EVENT_PORTS];

/* The structure of the vCPU this runs on: in shared_info, or where it was registered. */
struct vcpu_info *vcpu_info(void);

/* Registers a place of its own for the vCPU's structure: the hypercall's result. */
long vcpu_info_register(unsigned vcpu);

/* Takes all pending events: counts each and clears it. Called by the upcall and by tests that keep
 * upcalls masked. */
void event_upcall(void);

/* Upcalls on this vCPU. event_enable takes what is already pending. */
void event_enable(void);
void event_disable(void);

/* Gives the processor away until the port's event comes, at most so long, and takes it: whether it
 * came. For vCPUs whose upcalls are masked. */
bool event_wait(unsigned port, uint64_t nanoseconds);

bool event_pending(unsigned port);
void event_clear(unsigned port);
void event_mask(unsigned port);
void event_unmask(unsigned port);

/* The port that the binding calls give, or the error; all leave the port unmasked. */
long event_bind_virq(unsigned virq, unsigned vcpu);
long event_bind_ipi(unsigned vcpu);
long event_alloc_unbound(unsigned domain, unsigned remote);
long event_bind_interdomain(unsigned remote, unsigned port);
long event_send(unsigned port);
long event_close(unsigned port);
long event_bind_vcpu(unsigned port, unsigned vcpu);

#endif
