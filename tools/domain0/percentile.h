/* Percentiles of the waits that Ringfort counts in buckets. Pure. */
#ifndef TOOLS_PERCENTILE_H
#define TOOLS_PERCENTILE_H

#include "interface/ringfort.h"

/* How many waits were counted. */
static inline uint64_t latency_count(const uint32_t *buckets)
{
    uint64_t count = 0;

    for (unsigned b = 0; b < RINGFORT_LATENCY_BUCKETS; b++)
        count += buckets[b];
    return count;
}

/* The wait in ns that `percent` (1..100) of all did not exceed: the upper end of the bucket in
 * which that wait was counted, so never less than the truth, and at most a quarter more. 0: none
 * counted. */
static inline uint64_t latency_percentile(const uint32_t *buckets, double percent)
{
    double wanted = (double)latency_count(buckets) * percent / 100;
    double sum = 0;

    for (unsigned b = 0; b < RINGFORT_LATENCY_BUCKETS; b++) {
        sum += buckets[b];
        if (buckets[b] && sum >= wanted)
            return ringfort_latency_floor(b + 1) - 1;
    }
    return 0;
}

#endif
