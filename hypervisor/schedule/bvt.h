/*
 * Borrowed Virtual Time (Duda and Cheriton, SOSP'99; SOSP'03 3.3.1): the arithmetic. Pure.
 *
 * Running for t ns adds t * 256 / weight to the actual virtual time A, exactly: what the division
 * leaves over is carried to the next charge. Virtual times wrap and are compared by difference. The
 * effective virtual time E is A, less the warp W while warped; the least E runs.
 */
#ifndef SCHEDULE_BVT_H
#define SCHEDULE_BVT_H

#include "lib/types.h"

#define BVT_WEIGHT_UNIT 256u
#define BVT_WEIGHT_MAX 65535u

struct bvt_entity {
    uint64_t avt;       /* A, ns of virtual time; wraps */
    uint32_t remainder; /* of the last division, below weight */
    uint32_t weight;    /* 1..BVT_WEIGHT_MAX */
    nsec_t warp;        /* W, virtual ns; 0: never warps */
    nsec_t warp_limit;  /* L: longest warped run among few, real ns; 0: no limit */
    nsec_t unwarp;      /* U: least rest from warping after L was used up, real ns */
    nsec_t warp_used;   /* warped run time since it last woke */
    nsec_t rests_until; /* real time before which it may not warp */
    nsec_t left_at;     /* real time at which it last ceased to be runnable */
    bool warped;
};

/* True when virtual time `a` is earlier than `b`. They must lie within 2^63 ns of each other. */
static inline bool bvt_before(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

/* E: what the choice of the next to run compares. */
static inline uint64_t bvt_effective(const struct bvt_entity *e)
{
    return e->warped ? e->avt - (uint64_t)e->warp : e->avt;
}

/* What is owed by one that is away for longer is forgotten; far less than virtual time needs to go
 * half round (417 days, at weight 1). */
#define BVT_FORGET (86400 * NSEC_PER_SEC)

/* What a turn or a warp may last when `runnable` vCPUs want the processor: `most` (real ns, up to a
 * day) among few; among more of them less, so that a round of all takes no longer, down to a tenth.
 */
#define BVT_FEW 4u
#define BVT_MANY 40u
nsec_t bvt_shortened(nsec_t most, unsigned runnable);

/* Charges `ran` ns (0..2^54, half a year) of processor time that ended at real time `at`; ends the
 * warp when its limit, of `runnable` vCPUs, is used up. */
void bvt_charge(struct bvt_entity *e, nsec_t ran, nsec_t at, unsigned runnable);

/* Becomes runnable: being away earned no credit, so A is at least `svt`, the queue's scheduler
 * virtual time. */
void bvt_join(struct bvt_entity *e, uint64_t svt, nsec_t at);
/* The same for one that slept, which warps if it may. */
void bvt_wake(struct bvt_entity *e, uint64_t svt, nsec_t at);

/* Gives way to `next` of its own will: ends the warp and comes behind it. What it did not use is
 * not owed to it, or yielding would earn credit as sleep does not. */
void bvt_yield(struct bvt_entity *e, const struct bvt_entity *next);

/* Moves to another queue: keeps A's distance from the scheduler virtual time. */
static inline void bvt_move(struct bvt_entity *e, uint64_t svt_from, uint64_t svt_to)
{
    e->avt = svt_to + (e->avt - svt_from);
}

/* Changes the weight (clamped to 1..BVT_WEIGHT_MAX) from now on; nothing charged is lost. */
void bvt_set_weight(struct bvt_entity *e, unsigned weight);

/* True while `running` keeps its CPU against `other`: its E is not later by more than the allowance
 * (`allowance` real ns of its own running). */
bool bvt_keeps(const struct bvt_entity *running, const struct bvt_entity *other, nsec_t allowance);

/* How long `running` may go on, in real ns, before `next`'s E is below its own by the
 * context-switch allowance (`allowance` real ns, up to a second, of its own running); at least 1. A
 * warp limit, of `runnable` vCPUs, cuts it shorter. */
nsec_t bvt_slice(const struct bvt_entity *running, const struct bvt_entity *next, nsec_t allowance,
                 unsigned runnable);

#endif
