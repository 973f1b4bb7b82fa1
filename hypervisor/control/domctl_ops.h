/* domctl operations by subject. Each works on a domain that the caller holds a reference to,
 * answers in place, and returns 0 or a negative error; -ERESTART repeats the call with the same
 * arguments. */
#ifndef CONTROL_DOMCTL_OPS_H
#define CONTROL_DOMCTL_OPS_H

#include "lib/abi.h"
#include <xen/domctl.h>

struct create_request;
struct domain;

/* domctl_life.c */

/* Makes a domain as *request says; *id is the wanted one or, out of range, any free one, and the
 * one taken on return. */
long domctl_create(const struct create_request *request, domid_t *id);
long domctl_destroy(struct domain *d);
long domctl_max_vcpus(struct domain *d, unsigned max);
long domctl_pause(struct domain *d);
long domctl_unpause(struct domain *d);

/* domctl_sched.c */
long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op);
long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *op);
/* The tools' view of the scheduler is credit2's: a weight and a cap, which are BVT's too. */
long domctl_scheduler_op(struct domain *d, struct xen_domctl_scheduler_op *op);

/* domctl_context.c */
long domctl_set_context(struct domain *d, const struct xen_domctl_vcpucontext *op);
long domctl_get_context(struct domain *d, const struct xen_domctl_vcpucontext *op);
/* Entry points that the context above has no place for. */
long domctl_set_extended(struct domain *d, const struct xen_domctl_ext_vcpucontext *op);
long domctl_get_extended(struct domain *d, struct xen_domctl_ext_vcpucontext *op);
/* Registers by number: TSC_AUX where the machine has it. */
long domctl_set_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *op);
long domctl_get_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *op);
long domctl_send_trigger(struct domain *d, const struct xen_domctl_sendtrigger *op);

/* domctl_xsave.c: XSAVE state, {XCR0, all components ever used, area}. Without a size get answers
 * how large it is; nothing at all where the machine has no XSAVE. */
long domctl_set_xsave(struct domain *d, const struct xen_domctl_vcpuextstate *op);
long domctl_get_xsave(struct domain *d, struct xen_domctl_vcpuextstate *op);

/* domctl_frames.c */
/* Replaces each machine frame number of a list by what the frame is: XEN_DOMCTL_PFINFO_*. */
long domctl_frame_kinds(struct domain *d, const struct xen_domctl_getpageframeinfo3 *op);
/* Writes the hypercall page of a domain that is being built. */
long domctl_hypercall_page(struct domain *d, const struct xen_domctl_hypercall_init *op);

/* domctl_dirty.c: switches the log of dirty frames, and asks it. An interrupted question leaves in
 * the answer what it is to go on with. */
long domctl_shadow_op(struct domain *d, struct xen_domctl_shadow_op *op);

#endif
