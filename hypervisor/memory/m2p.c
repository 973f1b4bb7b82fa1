/* The machine-to-physical array. Guests read it at M2P_GUEST_BASE, 32-bit ones a copy with short
 * entries in their hole; Ringfort writes both here. */
#include "memory/m2p.h"

#include "lib/assert.h"
#include "memory/frame.h"
#include "memory/mapping.h"

void m2p_set(mfn_t m, uint64_t pfn_or_none)
{
    assert(mfn_valid(m));
    WRITE_ONCE(m2p_base()[m.n], pfn_or_none);
    WRITE_ONCE(compat_m2p_base()[m.n], (uint32_t)pfn_or_none);
}

uint64_t m2p_get(mfn_t m)
{
    return READ_ONCE(m2p_base()[m.n]);
}
