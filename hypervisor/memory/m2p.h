/* The machine-to-physical array (SOSP'03 3.3.4): for each machine frame its owner's PFN. */
#ifndef MEMORY_M2P_H
#define MEMORY_M2P_H

#include "lib/config.h"
#include "lib/types.h"

#define INVALID_M2P (~UINT64_C(0))

/* Valid frames only. */
void m2p_set(mfn_t m, uint64_t pfn);
uint64_t m2p_get(mfn_t m);

#endif
