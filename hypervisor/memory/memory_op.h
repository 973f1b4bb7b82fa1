/* XENMEM_* (SOSP'03 3.3.4): reservations, ballooning, exchange, maps. */
#ifndef MEMORY_MEMORY_OP_H
#define MEMORY_MEMORY_OP_H

#include "lib/types.h"

/* Boot: makes the frames of the machine-to-physical array DOMID_XEN's, so that Domain0's tools can
 * map them to read (XENMEM_machphys_mfn_list). */
void memory_machphys_share(void);

/* The hypercall; the upper bits of `cmd` carry the first extent still to be done. */
long do_memory_op(unsigned long cmd, uint64_t arg);

#endif
