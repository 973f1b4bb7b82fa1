/* The pending-work words behind work_raise(). */
#ifndef SCHEDULE_WORK_H
#define SCHEDULE_WORK_H

#include "lib/config.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Bits of enum cpu_work; each CPU's has a cache line to itself. */
extern struct work_word {
    uint64_t bits;
} CACHE_ALIGNED work_words[MAX_CPUS];

/* work_pending() for the way back to a guest. */
static inline bool work_pending_here(void)
{
    return READ_ONCE(work_words[this_cpu()].bits) != 0;
}

/* Clears one piece of work of a CPU; true when it was pending. */
bool work_take(unsigned cpu, enum cpu_work work);

#endif
