/* What tools are told about a domain and its vCPUs. */
#ifndef CONTROL_DOMAIN_INFO_H
#define CONTROL_DOMAIN_INFO_H

#include "lib/abi.h"
#include <xen/domctl.h>

#include "lib/types.h"

struct domain;

/* Fills all fields, those that a PV domain has no use for with zero. */
void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* 0; -ESRCH: no such vCPU. `info->vcpu` says which. */
int vcpu_info_fill(struct domain *d, struct xen_domctl_getvcpuinfo *info);

#endif
