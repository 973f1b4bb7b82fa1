#include "time.h"

#include "event.h"
#include "hypercall.h"

/* number * fraction / 2^32, without the 128-bit product that 32-bit compilers do not have. */
static uint64_t scale(uint64_t number, uint32_t fraction)
{
    return (number >> 32) * fraction + ((number & UINT32_MAX) * fraction >> 32);
}

uint64_t time_by(const volatile struct vcpu_time_info *time)
{
    uint32_t version;
    uint64_t delta, base;

    do {
        version = time->version;
        asm volatile("" : : : "memory");
        delta = rdtsc() - time->tsc_timestamp;
        base = time->system_time;
        delta = time->tsc_shift < 0 ? delta >> -time->tsc_shift : delta << time->tsc_shift;
        delta = scale(delta, time->tsc_to_system_mul);
        asm volatile("" : : : "memory");
    } while ((version & 1) || version != time->version);
    return base + delta;
}

uint64_t now(void)
{
    return time_by(&vcpu_info()->time);
}

void spin_for(uint64_t nanoseconds)
{
    uint64_t until = now() + nanoseconds;

    while (now() < until)
        asm volatile("pause" : : : "memory");
}

void sleep_for(uint64_t nanoseconds)
{
    struct sched_poll poll = {.timeout = now() + nanoseconds};

    sched_op(SCHEDOP_poll, &poll);
}
