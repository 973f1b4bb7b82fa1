/* sources: hypervisor/schedule/bvt.c */
/* entries: prove_charge prove_slice prove_shortened prove_keeps prove_weight prove_order prove_wake */
/* property: BVT's arithmetic over its whole range, wrapping included: charges sum up exactly,
 * nobody keeps a processor beyond the allowance, a slice is at least 1 ns, who comes back is not
 * behind. For weights 1, 256 and 32768, whose quotients are decided; test_bvt has the others, by
 * chance. */
#include "proof.h"
#include "schedule/bvt.h"

#define RAN_MAX (INT64_C(1) << 54)

int64_t nondet_i64(void);

static struct bvt_entity any_entity(uint32_t weight)
{
    struct bvt_entity e = {
        .avt = any_u64(),
        .remainder = any_unsigned(),
        .weight = weight,
        .warp = nondet_i64(),
        .warp_limit = nondet_i64(),
        .warp_used = nondet_i64(),
        .warped = any_bool(),
    };

    ASSUME(e.remainder < e.weight);
    ASSUME(e.warp >= 0 && e.warp <= 86400 * NSEC_PER_SEC);
    ASSUME(e.warp_limit >= 0 && e.warp_limit <= 86400 * NSEC_PER_SEC);
    ASSUME(e.warp_used >= 0 && e.warp_used <= 86400 * NSEC_PER_SEC);
    return e;
}

static const uint32_t weights[] = {1, 256, 32768};
#define FOR_WEIGHTS(w) for (unsigned i = 0; i < ARRAY_SIZE(weights) && ((w) = weights[i]); i++)

/* Nothing is lost or made by a charge: avt * weight + remainder, in units of 1/weight ns of virtual
 * time, grows by 256 for each ns; and the remainder stays one. */
static void charge_at(uint32_t w)
{
    struct bvt_entity e = any_entity(w), before = e;
    nsec_t ran = nondet_i64();

    ASSUME(ran >= 0 && ran <= RAN_MAX);
    bvt_charge(&e, ran, 0, BVT_FEW);
    PROVE(e.remainder < w, "the remainder is one");
    PROVE((e.avt - before.avt) * w + e.remainder == (uint64_t)ran * 256 + before.remainder,
          "charges sum up exactly");
}

/* The order of two virtual times does not change when both go round, and is an order as long as
 * they lie within 2^62 of each other. */
void prove_order(void)
{
    uint64_t a = any_u64(), b = any_u64(), c = any_u64(), by = any_u64();
    int64_t ab = (int64_t)(b - a), bc = (int64_t)(c - b);

    PROVE(bvt_before(a, b) == bvt_before(a + by, b + by), "it does not depend on where zero is");
    ASSUME(ab > -(INT64_C(1) << 62) && ab < INT64_C(1) << 62);
    ASSUME(bc > -(INT64_C(1) << 62) && bc < INT64_C(1) << 62);
    PROVE(!(bvt_before(a, b) && bvt_before(b, a)), "not both before each other");
    PROVE(a == b || bvt_before(a, b) || bvt_before(b, a), "one of the two");
    PROVE(!(bvt_before(a, b) && bvt_before(b, c)) || bvt_before(a, c), "before goes on");
}

/* Nobody keeps the processor with an E later than another's by more than the allowance. */
static void keeps_at(uint32_t w)
{
    struct bvt_entity a = any_entity(w), b = any_entity(1);
    nsec_t allowance = nondet_i64();
    int64_t later = (int64_t)(bvt_effective(&a) - bvt_effective(&b));

    ASSUME(allowance >= 0 && allowance <= NSEC_PER_SEC);
    ASSUME(later > -(INT64_C(1) << 62) && later < INT64_C(1) << 62);
    PROVE(bvt_keeps(&a, &b, allowance) == (later < allowance * 256 / w), "by the allowance");
}

/* A slice is at least 1 ns and at most what leaves the runner later by the allowance. */
static void slice_at(uint32_t w)
{
    struct bvt_entity a = any_entity(w), b = any_entity(1);
    nsec_t allowance = nondet_i64(), slice;
    int64_t ahead = (int64_t)(bvt_effective(&b) - bvt_effective(&a));

    ASSUME(allowance >= 0 && allowance <= NSEC_PER_SEC);
    slice = bvt_slice(&a, &b, allowance, BVT_FEW);
    PROVE(slice >= 1, "time goes on");
    PROVE(!a.warped || !a.warp_limit || slice <= MAX(a.warp_limit - a.warp_used, 1),
          "no longer than the warp may last");
    PROVE(ahead > 86400 * NSEC_PER_SEC || slice == 1 || ahead < -86400 * NSEC_PER_SEC ||
              slice <= allowance + ahead * (int64_t)w / 256,
          "no longer than until the other is behind by the allowance");
}

/* Never more than what is set nor less than a tenth; turns of more vCPUs are not longer, and up to
 * 40 of them a round is not either. */
void prove_shortened(void)
{
    static const nsec_t mosts[] = {0, 10 * NSEC_PER_USEC, 5 * NSEC_PER_MSEC, NSEC_PER_SEC};
    unsigned runnable = any_unsigned();

    for (unsigned i = 0; i < ARRAY_SIZE(mosts); i++) {
        nsec_t most = mosts[i], c = bvt_shortened(most, runnable);

        PROVE(c >= most / 10 && c <= most, "between a tenth and all");
        PROVE(runnable > BVT_FEW || c == most, "all among few");
        PROVE(runnable == UINT32_MAX || bvt_shortened(most, runnable + 1) <= c, "more, shorter");
        PROVE(runnable < BVT_FEW || runnable > BVT_MANY || c * runnable <= BVT_FEW * most,
              "a round is not longer");
    }
}

/* Who comes back is not behind SVT, however long it was away and wherever virtual time is by then.
 */
void prove_wake(void)
{
    struct bvt_entity e = any_entity(256);
    uint64_t svt = any_u64();
    nsec_t at = nondet_i64();

    e.left_at = nondet_i64();
    e.rests_until = nondet_i64();
    ASSUME(e.left_at >= 0 && at >= e.left_at);
    bvt_wake(&e, svt, at);
    PROVE(!bvt_before(e.avt, svt), "no credit for sleep");
    PROVE(at - e.left_at <= BVT_FORGET || e.avt == svt, "and after a day no debt");
    PROVE(!e.warped || at >= e.rests_until, "it rests from warping");
    PROVE(e.remainder < e.weight, "the remainder is one");
}

/* A change of weight sheds nothing: the fraction carried does not become less. */
static void weight_from(uint32_t from, uint32_t to)
{
    struct bvt_entity e = any_entity(from), before = e;
    uint64_t fraction;

    bvt_set_weight(&e, to);
    PROVE(e.weight >= 1 && e.weight <= BVT_WEIGHT_MAX, "a weight");
    PROVE(e.remainder < e.weight, "the remainder is one");
    PROVE(e.avt - before.avt <= 1, "at most what was carried");
    fraction = (e.avt - before.avt) * e.weight + e.remainder;
    PROVE(fraction * from >= (uint64_t)before.remainder * e.weight, "nothing is shed");
    PROVE(fraction * from < (uint64_t)before.remainder * e.weight + from, "and hardly more added");
}

void prove_charge(void)
{
    uint32_t w;

    FOR_WEIGHTS(w)
    charge_at(w);
}

void prove_keeps(void)
{
    uint32_t w;

    FOR_WEIGHTS(w)
    keeps_at(w);
}

void prove_slice(void)
{
    uint32_t w;

    FOR_WEIGHTS(w)
    slice_at(w);
}

void prove_weight(void)
{
    uint32_t w;

    FOR_WEIGHTS(w)
    for (unsigned j = 0; j < ARRAY_SIZE(weights); j++)
        weight_from(w, weights[j]);
    weight_from(256, 0);
    weight_from(256, UINT32_MAX);
}
