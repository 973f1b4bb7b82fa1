/* Time in nanoseconds. */
#ifndef GUEST_TIME_H
#define GUEST_TIME_H

#include "abi.h"

#define MILLISECOND 1000000ULL
#define SECOND 1000000000ULL

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Nanoseconds since boot by a time structure; by this vCPU's. */
uint64_t time_by(const volatile struct vcpu_time_info *time);
uint64_t now(void);

/* Waits for so long without giving the processor away. */
void spin_for(uint64_t nanoseconds);

/* Gives the processor away for so long. */
void sleep_for(uint64_t nanoseconds);

/* Waits until a condition holds, at most `nanoseconds`: whether it does. */
#define WAIT_FOR(condition, nanoseconds)                                                           \
    ({                                                                                             \
        uint64_t limit_ = now() + (nanoseconds);                                                   \
        while (!(condition) && now() < limit_)                                                     \
            asm volatile("pause" : : : "memory");                                                  \
        (condition);                                                                               \
    })

#endif
