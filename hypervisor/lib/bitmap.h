/* Bitmaps over arrays of 64-bit words; the atomic ones are for words shared with guests or CPUs. */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/config.h"
#include "lib/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/* Single bits, not atomic; the test reads its word once. The caller keeps `bit` inside the map. */
static inline bool bit_test(const uint64_t *map, unsigned bit)
{
    return (READ_ONCE(map[bit / 64]) >> (bit % 64)) & 1;
}

static inline void bit_set(uint64_t *map, unsigned bit)
{
    map[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void bit_clear(uint64_t *map, unsigned bit)
{
    map[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

/* Atomically sets the bit; returns what it was before. */
static inline bool bit_test_and_set(uint64_t *map, unsigned bit)
{
    uint64_t mask = UINT64_C(1) << (bit % 64);
    return __atomic_fetch_or(&map[bit / 64], mask, __ATOMIC_SEQ_CST) & mask;
}

/* Atomically clears the bit; returns what it was before. */
static inline bool bit_test_and_clear(uint64_t *map, unsigned bit)
{
    uint64_t mask = UINT64_C(1) << (bit % 64);
    return __atomic_fetch_and(&map[bit / 64], ~mask, __ATOMIC_SEQ_CST) & mask;
}

/* Index of the first set bit at or after `from`, or `bits` when there is none. */
static inline unsigned bit_find_set(const uint64_t *map, unsigned bits, unsigned from)
{
    while (from < bits) {
        uint64_t word = map[from / 64] >> (from % 64);

        if (word) {
            from += __builtin_ctzll(word);
            return from < bits ? from : bits;
        }
        from = (from / 64 + 1) * 64;
    }
    return bits;
}

/* Index of the first clear bit at or after `from`, or `bits` when there is none. */
static inline unsigned bit_find_clear(const uint64_t *map, unsigned bits, unsigned from)
{
    while (from < bits) {
        uint64_t word = ~map[from / 64] >> (from % 64);

        if (word) {
            from += __builtin_ctzll(word);
            return from < bits ? from : bits;
        }
        from = (from / 64 + 1) * 64;
    }
    return bits;
}

/* A set of physical CPUs. */
typedef struct {
    uint64_t bits[BITMAP_WORDS(MAX_CPUS)];
} cpumask_t;

/* True when no CPU is in the set. */
static inline bool cpumask_empty(const cpumask_t *m)
{
    for (unsigned i = 0; i < ARRAY_SIZE(m->bits); i++)
        if (m->bits[i])
            return false;
    return true;
}

#define for_each_cpu(cpu, mask)                                                                    \
    for (cpu = bit_find_set((mask)->bits, MAX_CPUS, 0); cpu < MAX_CPUS;                            \
         cpu = bit_find_set((mask)->bits, MAX_CPUS, cpu + 1))

#endif
