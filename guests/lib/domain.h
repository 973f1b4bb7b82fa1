/* Domains made as a toolstack makes them, by Domain0. What fails ends the test. */
#ifndef GUEST_DOMAIN_H
#define GUEST_DOMAIN_H

#include "abi.h"

/* A new domain of this guest's own width: paused, without vCPUs and memory. Its id. */
domid_t domain_make(unsigned vcpus);
/* XEN_DOMCTL_max_vcpus: the call's result. */
long domain_make_vcpus(domid_t id, unsigned vcpus);
/* One page more for it. */
mfn_t domain_page(domid_t id);
/* A pinned root for it in which nothing is mapped. */
mfn_t domain_root(domid_t id);
/* The registers of a kernel that would begin at 0x1000 on that root, its vCPU online. */
void domain_context(struct vcpu_guest_context *context, mfn_t root);
/* XEN_DOMCTL_setvcpucontext of its first vCPU: the call's result. */
long domain_set_context(domid_t id, struct vcpu_guest_context *context);
/* Whether it has ended by itself. */
bool domain_has_ended(domid_t id);

#endif
