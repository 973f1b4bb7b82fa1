/* Host version: the loader's memory is an array that stands at machine address HOST_LOADER_BASE. */
#ifndef BOOT_LOADER_MEMORY_H
#define BOOT_LOADER_MEMORY_H

#include "lib/types.h"

#define HOST_LOADER_BASE 0x10000

extern const uint8_t *host_loader_memory;
extern size_t host_loader_size;

static inline const void *loader_memory(uint64_t at, uint64_t size)
{
    if (at < HOST_LOADER_BASE || at - HOST_LOADER_BASE > host_loader_size ||
        size > host_loader_size - (at - HOST_LOADER_BASE))
        return NULL;
    return host_loader_memory + (at - HOST_LOADER_BASE);
}

#endif
