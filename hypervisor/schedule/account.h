/* What is counted of each vCPU's scheduling, and told to the trace: how often it was dispatched and
 * moved, and how long it waited from waking to running. */
#ifndef SCHEDULE_ACCOUNT_H
#define SCHEDULE_ACCOUNT_H

#include "lib/types.h"

struct vcpu;

#define LATENCY_BUCKETS 128

struct sched_account {
    nsec_t woken_at; /* 0: has run since, or has not woken yet */
    uint64_t dispatches, migrations;
    uint32_t latency[LATENCY_BUCKETS]; /* by latency_bucket() */
};

/* Where a wait of `ns` is counted: four buckets of 16 ns, from there on four to the power of two;
 * the last has all from 2^37 ns (two minutes) on. */
static inline unsigned latency_bucket(nsec_t ns)
{
    uint64_t units = ns > 0 ? (uint64_t)ns >> 4 : 0;
    unsigned octave = units < 4 ? 1 : 63 - (unsigned)__builtin_clzll(units);

    return units < 4 ? (unsigned)units
                     : MIN((octave - 1) * 4 + (units >> (octave - 2) & 3), LATENCY_BUCKETS - 1u);
}

/* All of these: the lock of the vCPU's queue held (account_switch: of this CPU's). */

/* It has become runnable and was put on its queue, at real time `at`. */
void account_wake(struct vcpu *v, nsec_t at);
/* It changes from CPU `from`'s queue to `to`'s. */
void account_move(struct vcpu *v, unsigned from, unsigned to);
/* This CPU goes from one vCPU to another; their run states are still those of before. */
void account_switch(struct vcpu *prev, struct vcpu *next, nsec_t at);
/* It may have begun or ended to warp since it was in state `was`. */
void account_warp(const struct vcpu *v, bool was);

#endif
