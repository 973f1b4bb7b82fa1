/* Working memory for one decompression: handed out in order, given back all at once. */
#ifndef UNPACK_ARENA_H
#define UNPACK_ARENA_H

#include "lib/types.h"

struct arena {
    uint8_t *base;
    size_t size;
    size_t used;
};

/* An arena over `size` bytes at `base`. */
struct arena arena_over(void *base, size_t size);

/* Returns `count` * `size` bytes, 16-byte aligned and not cleared, or NULL when they do not fit. */
void *arena_take(struct arena *arena, size_t count, size_t size);

#endif
