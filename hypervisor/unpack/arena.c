#include "unpack/arena.h"

#define ARENA_ALIGN 16

struct arena arena_over(void *base, size_t size)
{
    return (struct arena){.base = base, .size = size};
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    /* The address is aligned, not the offset: nobody promises that the base is. */
    size_t padding = -((uintptr_t)arena->base + arena->used) & (ARENA_ALIGN - 1);
    size_t left = arena->size - arena->used;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    if (padding > left || bytes > left - padding)
        return NULL;

    void *taken = arena->base + arena->used + padding;
    arena->used += padding + bytes;
    return taken;
}
