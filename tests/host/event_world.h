/* What events reach outside event/, as host tests see it, and the rules that hold between calls. */
#ifndef TESTS_HOST_EVENT_WORLD_H
#define TESTS_HOST_EVENT_WORLD_H

#include "small_world.h"

#define WORLD_PIRQS 8u

/* A small world whose domains may have ports up to `max_port`. */
void event_world_reset(unsigned max_port);
/* Frees what the domains' tables took. */
void event_world_end(void);

/* True when the vCPU was woken since it last looked; looking forgets. */
bool event_world_woken(struct vcpu *v);

/* The CPU that a physical interrupt was sent to last. */
unsigned event_world_pirq_cpu(unsigned pirq);

/* The upcall handler of a guest: takes the selector and every pending, unmasked port of the words
 * it names, in the ABI's order. Returns how many ports it took. */
unsigned event_world_upcall(struct vcpu *v);

/* Stops the test when a rule does not hold: ends of a channel name each other, interrupts and their
 * ports agree, closed ports are not pending, and no pending unmasked port goes unnoticed. */
void event_world_check(void);

#endif
