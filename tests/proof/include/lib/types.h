/* Proofs: the real header. Other processors' work between two reads is no part of them. */
#include "../../../../hypervisor/lib/types.h"
