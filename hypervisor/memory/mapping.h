/* Reaching machine memory from Ringfort. Host builds have a header of the same name over an array.
 */
#ifndef MEMORY_MAPPING_H
#define MEMORY_MAPPING_H

#include "lib/config.h"
#include "lib/types.h"

/* Address of a RAM frame, or of a byte of one, in the direct map. */
static inline void *mfn_to_virt(mfn_t m)
{
    return (void *)(DIRECT_MAP_BASE + (m.n << PAGE_SHIFT));
}

static inline void *maddr_to_virt(maddr_t ma)
{
    return (void *)(DIRECT_MAP_BASE + ma.a);
}

/* Where the frame table and the machine-to-physical array are mapped. */
static inline void *frame_table_base(void)
{
    return (void *)FRAME_TABLE_BASE;
}

static inline uint64_t *m2p_base(void)
{
    return (uint64_t *)M2P_BASE;
}

/* The same for 32-bit guests: 4 bytes a frame. */
static inline uint32_t *compat_m2p_base(void)
{
    return (uint32_t *)COMPAT_M2P_BASE;
}

/* Machine frame of a direct-map address. */
static inline mfn_t virt_to_mfn(const void *va)
{
    return mfn(((uint64_t)va - DIRECT_MAP_BASE) >> PAGE_SHIFT);
}

#endif
