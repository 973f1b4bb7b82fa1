/* The machine's memory map, and what of its RAM is still free while Ringfort sets itself up. Pure.
 */
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include "boot/boot.h"

#define REGION_RAM 1 /* E820 type */

/* Sorts the regions and makes them disjoint: where two overlap, the type that forbids more (the
 * higher number) wins. Neighbours of one type become one. Addresses from 2^52 on are dropped. */
void memory_map_normalize(struct boot_info *info);

/* RAM in whole frames that nothing uses yet; `start` and `end` are frame numbers. */
struct free_range {
    uint64_t start, end;
};

#define FREE_RANGES (BOOT_MAX_REGIONS + 2 * BOOT_MAX_MODULES + 32)

struct free_memory {
    unsigned count;
    struct free_range ranges[FREE_RANGES]; /* ascending, disjoint, none empty */
};

/* All RAM of a normalized map above 1 MiB. */
void free_memory_init(struct free_memory *free, const struct boot_info *info);
/* Takes [base, base + size) bytes out, rounded outwards to frames. Forgets (never hands out twice)
 * memory when the list is full. */
void free_memory_exclude(struct free_memory *free, uint64_t base, uint64_t size);
/* Takes `frames` consecutive frames, the first one a multiple of `align` (a power of two), all
 * below frame `limit`: the highest ones, so that low memory stays whole for Domain0's devices.
 * Returns the first, or 0 when there are none. */
uint64_t free_memory_take(struct free_memory *free, uint64_t frames, uint64_t align,
                          uint64_t limit);

#endif
