/* Memory that the domain gives back to the hypervisor and takes again. */
#ifndef GUEST_BALLOON_H
#define GUEST_BALLOON_H

#include "abi.h"

/* Gives up to `pages` frames beyond the initial mapping back: how many. */
unsigned balloon_inflate(unsigned pages);

/* Takes as many of those again as the hypervisor gives: how many. */
unsigned balloon_deflate(unsigned pages);

#endif
