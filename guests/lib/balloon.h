/* Memory that the domain gives back to the hypervisor and takes again. */
#ifndef GUEST_BALLOON_H
#define GUEST_BALLOON_H

#include "abi.h"

/* Gives up to `pages` frames beyond the initial mapping back: how many. */
unsigned balloon_inflate(unsigned pages);

/* Gives all frames from this PFN on back, those of the initial mapping too; what the guest was
 * started with must be below. How many. */
unsigned balloon_trim(pfn_t from);

/* Takes as many of the former again as the hypervisor gives: how many. */
unsigned balloon_deflate(unsigned pages);

#endif
