/*
 * Turning TSC ticks into nanoseconds by the ABI's rule, which guests apply to the same numbers:
 * shift the ticks by `shift` (right when negative), multiply by `mul`, drop 32 bits. Pure.
 */
#ifndef TIME_TSC_SCALE_H
#define TIME_TSC_SCALE_H

#include "lib/types.h"

struct tsc_scale {
    uint32_t mul;
    int8_t shift;
};

/* Ticks to nanoseconds; the product may be as wide as 96 bits. */
static inline nsec_t tsc_scale(struct tsc_scale s, uint64_t ticks)
{
    if (s.shift < 0)
        ticks >>= -s.shift;
    else
        ticks <<= s.shift;
    return (nsec_t)(uint64_t)(((unsigned __int128)ticks * s.mul) >> 32);
}

/* The scale of a counter that runs at `hz` (at least 1 MHz): the multiplier has its top bit set, so
 * that it is as exact as 32 bits can be. */
static inline struct tsc_scale tsc_scale_from_hz(uint64_t hz)
{
    struct tsc_scale s = {.shift = 0};
    uint64_t rate = hz;

    while (rate > (uint64_t)NSEC_PER_SEC * 2) {
        rate >>= 1;
        s.shift--;
    }
    while (rate <= (uint64_t)NSEC_PER_SEC) {
        rate <<= 1;
        s.shift++;
    }
    s.mul = (uint32_t)(((unsigned __int128)NSEC_PER_SEC << 32) / rate);
    return s;
}

#endif
