/* Reaching what the loader left in memory, before the final page tables: the low 4 GiB only. Host
 * builds have a header of the same name over an array. */
#ifndef BOOT_LOADER_MEMORY_H
#define BOOT_LOADER_MEMORY_H

#include "lib/config.h"
#include "lib/types.h"

#define LOADER_MEMORY_END (UINT64_C(1) << 32)

/* The `size` bytes at machine address `at`, or NULL when they do not lie within reach. */
static inline const void *loader_memory(uint64_t at, uint64_t size)
{
    if (at == 0 || at >= LOADER_MEMORY_END || size > LOADER_MEMORY_END - at)
        return NULL;
    return (const void *)(DIRECT_MAP_BASE + at);
}

#endif
