/* sysctl operations that describe the machine: processors, memory nodes, the one CPU pool. Each
 * answers in place; 0, -EFAULT, or as said. */
#ifndef CONTROL_TOPOLOGY_H
#define CONTROL_TOPOLOGY_H

#include "lib/abi.h"
#include <xen/sysctl.h>

/* Processors, clock rate, memory, and what kinds of guests there can be. */
long sysctl_physinfo(struct xen_sysctl_physinfo *info);
/* One record for each processor, each a core of the one socket; without a buffer their number. */
long sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *info);
/* The one memory node: size, free memory, distance to itself. */
long sysctl_numainfo(struct xen_sysctl_numainfo *info);
/* No device is known to be near a node: there is one. -ERESTART: again, from the start. */
long sysctl_pcitopoinfo(struct xen_sysctl_pcitopoinfo *info);
/* INFO and FREEINFO; -ENOENT past the only pool, -EOPNOTSUPP for changes. */
long sysctl_cpupool_op(struct xen_sysctl_cpupool_op *op);

#endif
