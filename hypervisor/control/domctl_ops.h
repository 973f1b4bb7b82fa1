/* domctl operations by subject. Each works on a domain that the caller holds a reference to,
 * answers in place, and returns 0 or a negative error; -ERESTART repeats the call with the same
 * arguments. */
#ifndef CONTROL_DOMCTL_OPS_H
#define CONTROL_DOMCTL_OPS_H

#include "lib/abi.h"
#include <xen/domctl.h>

struct domain;

/* domctl_life.c */

/* Makes a domain as *config says; *id is the wanted one or, out of range, any free one, and the one
 * taken on return. */
long domctl_create(struct xen_domctl_createdomain *config, domid_t *id);
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

#endif
