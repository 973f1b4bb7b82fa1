/* Host builds: machine memory, frame table and machine-to-physical array are plain arrays, made by
 * tests/host/machine.c. */
#ifndef MEMORY_MAPPING_H
#define MEMORY_MAPPING_H

#include "lib/config.h"
#include "lib/types.h"

extern unsigned char *host_memory;
extern void *host_frame_table;
extern uint64_t *host_m2p;
extern uint32_t *host_compat_m2p;

static inline void *mfn_to_virt(mfn_t m)
{
    return host_memory + (m.n << PAGE_SHIFT);
}

static inline void *maddr_to_virt(maddr_t ma)
{
    return host_memory + ma.a;
}

static inline void *frame_table_base(void)
{
    return host_frame_table;
}

static inline uint64_t *m2p_base(void)
{
    return host_m2p;
}

static inline uint32_t *compat_m2p_base(void)
{
    return host_compat_m2p;
}

static inline mfn_t virt_to_mfn(const void *va)
{
    return mfn((uint64_t)((const unsigned char *)va - host_memory) >> PAGE_SHIFT);
}

#endif
