#include "schedule/bvt.h"

nsec_t bvt_shortened(nsec_t most, unsigned runnable)
{
    return most * BVT_FEW / MAX(BVT_FEW, MIN(runnable, BVT_MANY));
}

void bvt_charge(struct bvt_entity *e, nsec_t ran, nsec_t at, unsigned runnable)
{
    uint64_t scaled = (uint64_t)ran * BVT_WEIGHT_UNIT + e->remainder;

    e->avt += scaled / e->weight;
    e->remainder = (uint32_t)(scaled % e->weight);
    if (!e->warped)
        return;
    e->warp_used += ran;
    if (e->warp_limit && e->warp_used >= bvt_shortened(e->warp_limit, runnable)) {
        e->warped = false;
        e->rests_until = at + e->unwarp;
    }
}

static void raise_avt(struct bvt_entity *e, uint64_t avt)
{
    e->avt = avt;
    e->remainder = 0;
}

void bvt_join(struct bvt_entity *e, uint64_t svt, nsec_t at)
{
    if (bvt_before(e->avt, svt) || at - e->left_at > BVT_FORGET)
        raise_avt(e, svt);
    e->warped = false;
}

void bvt_yield(struct bvt_entity *e, const struct bvt_entity *next)
{
    if (bvt_before(e->avt, next->avt))
        raise_avt(e, next->avt);
    e->warped = false;
}

void bvt_wake(struct bvt_entity *e, uint64_t svt, nsec_t at)
{
    bvt_join(e, svt, at);
    e->warped = e->warp > 0 && at >= e->rests_until;
    e->warp_used = 0;
}

void bvt_set_weight(struct bvt_entity *e, unsigned weight)
{
    uint32_t w = MAX(1u, MIN(weight, BVT_WEIGHT_MAX));

    /* The carried fraction remainder/old becomes the same fraction of the new weight, rounded up
     * by less than one unit, so that changing weights to and fro cannot shed charges. */
    if (e->weight)
        e->remainder = (uint32_t)(((uint64_t)e->remainder * w + e->weight - 1) / e->weight);
    e->weight = w;
    if (e->remainder >= w) {
        e->avt++;
        e->remainder -= w;
    }
}

bool bvt_keeps(const struct bvt_entity *running, const struct bvt_entity *other, nsec_t allowance)
{
    uint64_t latest =
        bvt_effective(other) + (uint64_t)allowance * BVT_WEIGHT_UNIT / running->weight;

    return bvt_before(bvt_effective(running), latest);
}

nsec_t bvt_slice(const struct bvt_entity *running, const struct bvt_entity *next, nsec_t allowance,
                 unsigned runnable)
{
    int64_t ahead = (int64_t)(bvt_effective(next) - bvt_effective(running));
    /* A day is as good as for ever, and keeps the product below 2^63. */
    const int64_t longest = 86400 * NSEC_PER_SEC;
    nsec_t slice = allowance;

    ahead = MAX(MIN(ahead, longest), -longest);
    slice += ahead * (int64_t)running->weight / (int64_t)BVT_WEIGHT_UNIT;
    if (running->warped && running->warp_limit)
        slice = MIN(slice, bvt_shortened(running->warp_limit, runnable) - running->warp_used);
    return MAX(slice, 1);
}
