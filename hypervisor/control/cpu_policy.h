/* CPUID policies between Ringfort and the tools. */
#ifndef CONTROL_CPU_POLICY_H
#define CONTROL_CPU_POLICY_H

#include "lib/abi.h"
#include <xen/domctl.h>
#include <xen/sysctl.h>

struct domain;

/* What the machine has and what guests can get. 0; -EINVAL: no such index; -EOPNOTSUPP: HVM's;
 * -ENOBUFS: more than there is room for; -ENOMEM, -EFAULT. */
long sysctl_cpu_policy(struct xen_sysctl_cpu_policy *op);
/* The same as words of feature bits; -ENOBUFS comes with as many as there is room for. */
long sysctl_cpu_featureset(struct xen_sysctl_cpu_featureset *op);

/* A domain's own policy. -ENOBUFS, -ENOMEM, -EFAULT. */
long domctl_get_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op);
/* Changes it before the first vCPU has registers (-EEXIST after that). What a guest may not have is
 * left out silently; -ERANGE, -EINVAL name the leaf or MSR that is wrong in op->err_*. */
long domctl_set_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op);

#endif
