/*
 * Three domains of two vCPUs for host tests of events and grants: who runs is what the test says,
 * guest addresses are the test's own pointers, and preemption comes when the test wants it.
 * Domain 0 is privileged.
 */
#ifndef TESTS_HOST_SMALL_WORLD_H
#define TESTS_HOST_SMALL_WORLD_H

#include "domain/domain.h"

#define WORLD_DOMAINS 3u
#define WORLD_VCPUS 2u

/* Fresh domains, alive, with a shared_info each and nothing of a subsystem's; d0v0 runs. */
void world_reset(void);
struct domain *world_domain(unsigned id);
struct vcpu *world_vcpu(unsigned id, unsigned vcpu);
void world_run(unsigned id, unsigned vcpu);

/* preempt_needed() answers true after `calls` more calls, once; 0: never. */
void world_preempt_after(unsigned calls);
/* zalloc() fails after `calls` more calls, once; 0: never. */
void world_fail_alloc_after(unsigned calls);

/* copy_to_guest() fails after `calls` more calls, once; 0: never. */
void world_fail_store_after(unsigned calls);

/* References beyond the creator's on domain `id`: 0 when every domain_get() was given back. */
unsigned world_extra_refs(unsigned id);

/* What hypercall_restart() was last told; not `called` since the test cleared it. */
struct world_restart {
    bool called;
    unsigned op, nargs;
    uint64_t args[6];
};
extern struct world_restart world_restart;

#endif
