/* XENMEM_* calls as domains make them, and what these reach outside memory/, for host tests. */
#ifndef TESTS_HOST_MEMORY_CALLS_H
#define TESTS_HOST_MEMORY_CALLS_H

#include "lib/abi.h"
#include <xen/memory.h>

#include "machine.h"

#define LIST 64
#define GRANT_FRAMES 7 /* of each domain's table: MFNs from 1000 on */
#define HYPERVISOR_ADDRESS 0xffff800000000000

extern struct domain *d;     /* who calls */
extern uint64_t list[LIST];  /* PFNs from 100 on; what calls give */
extern unsigned crashes;     /* of domains */
extern struct frame *stolen; /* by steal_last() */

/* A fresh machine, domain 0 running and `d`. */
void start(void);

/* A list of extents of the caller's own memory. */
struct xen_memory_reservation request(uint64_t *extents, uint64_t count, unsigned order);
/* A call with such a list: its result. */
long reserve(unsigned op, uint64_t *extents, uint64_t count, unsigned order);
/* Repeats a call that gave `rc` as the dispatcher would, until it is done. */
long finish(long rc);

/* For machine_at_clear(): another vCPU of domain 1 gives the frame that it was allocated last back,
 * and the other domain takes all there is. */
void steal_last(void);

#endif
