/* sources: hypervisor/schedule/bvt.c */
/* Exact charging, wake-up, warp and slice of BVT, and the published bound on lag. */
#include <stdlib.h>

#include "check.h"
#include "schedule/bvt.h"

#define MSEC NSEC_PER_MSEC

static struct bvt_entity entity(unsigned weight)
{
    struct bvt_entity e = {0};

    bvt_set_weight(&e, weight);
    return e;
}

/* A million odd-sized charges must come to what one big charge would. */
static void test_exact_charge(void)
{
    struct bvt_entity e = entity(768);
    uint64_t total = 0;

    srandom(1);
    for (int i = 0; i < 1000000; i++) {
        nsec_t ran = random() % 10007;

        bvt_charge(&e, ran, 0, 1);
        total += ran;
    }
    CHECK_EQ(e.avt, total * 256 / 768);
    CHECK_EQ(e.remainder, total * 256 % 768);
}

static void test_wrap(void)
{
    struct bvt_entity e = entity(256);

    e.avt = UINT64_MAX - 5;
    bvt_charge(&e, 10, 0, 1);
    CHECK_EQ(e.avt, 4);
    CHECK(bvt_before(UINT64_MAX - 5, e.avt));
    CHECK(!bvt_before(e.avt, UINT64_MAX - 5));
}

static void test_sleep_earns_nothing(void)
{
    struct bvt_entity e = entity(256);

    e.avt = 100;
    bvt_wake(&e, 5000, 0);
    CHECK_EQ(e.avt, 5000);
    e.avt = 9000;
    bvt_wake(&e, 5000, 0);
    CHECK_EQ(e.avt, 9000);
    /* Across the wrap as well. */
    e.avt = UINT64_MAX;
    bvt_wake(&e, 3, 0);
    CHECK_EQ(e.avt, 3);
}

static void test_warp_limit(void)
{
    struct bvt_entity e = entity(256);

    e.warp = 20 * MSEC;
    e.warp_limit = MSEC;
    e.unwarp = 10 * MSEC;
    bvt_wake(&e, 100 * MSEC, 0);
    CHECK(e.warped);
    CHECK_EQ(bvt_effective(&e), 80 * MSEC);
    bvt_charge(&e, MSEC - 1, 1 * MSEC, 1);
    CHECK(e.warped);
    bvt_charge(&e, 1, 2 * MSEC, 1);
    CHECK(!e.warped);
    CHECK_EQ(bvt_effective(&e), e.avt);
    bvt_wake(&e, 0, 12 * MSEC - 1);
    CHECK(!e.warped);
    bvt_wake(&e, 0, 12 * MSEC);
    CHECK(e.warped);
    /* Among many it is shorter, as turns are. */
    bvt_charge(&e, MSEC / 10 - 1, 13 * MSEC, 128);
    CHECK(e.warped);
    bvt_charge(&e, 1, 13 * MSEC, 128);
    CHECK(!e.warped);
    e.warp_limit = 0;
    bvt_wake(&e, 0, 23 * MSEC);
    bvt_charge(&e, 1000 * MSEC, 1023 * MSEC, 128);
    CHECK(e.warped);
}

static void test_slice(void)
{
    struct bvt_entity a = entity(256), b = entity(512);

    CHECK_EQ(bvt_slice(&a, &b, 5 * MSEC, 1), 5 * MSEC);
    b.avt = 10 * MSEC;
    CHECK_EQ(bvt_slice(&a, &b, 5 * MSEC, 1), 15 * MSEC);
    CHECK_EQ(bvt_slice(&b, &a, 12 * MSEC, 1), 1);
    CHECK_EQ(bvt_slice(&b, &a, 30 * MSEC, 1), 10 * MSEC);
    a.avt = 20 * MSEC;
    CHECK_EQ(bvt_slice(&b, &a, 5 * MSEC, 1), 5 * MSEC + 20 * MSEC);
    a.avt = b.avt;
    a.warped = true;
    a.warp_limit = 2 * MSEC;
    a.warp_used = MSEC;
    CHECK_EQ(bvt_slice(&a, &b, 5 * MSEC, 1), MSEC);
    a.warp_used = 0;
    CHECK_EQ(bvt_slice(&a, &b, 5 * MSEC, 20), 2 * MSEC / 5);
}

/* C among few, a round of 4 C among more, a tenth of C among very many. */
static void test_shortened(void)
{
    CHECK_EQ(bvt_shortened(5 * MSEC, 0), 5 * MSEC);
    CHECK_EQ(bvt_shortened(5 * MSEC, 4), 5 * MSEC);
    CHECK_EQ(bvt_shortened(5 * MSEC, 5), 4 * MSEC);
    CHECK_EQ(bvt_shortened(5 * MSEC, 20), MSEC);
    CHECK_EQ(bvt_shortened(5 * MSEC, 40), MSEC / 2);
    CHECK_EQ(bvt_shortened(5 * MSEC, UINT32_MAX), MSEC / 2);
    CHECK_EQ(bvt_shortened(0, 128), 0);
}

static void test_keeps(void)
{
    struct bvt_entity a = entity(256), b = entity(256);

    a.avt = 5 * MSEC - 1;
    CHECK(bvt_keeps(&a, &b, 5 * MSEC));
    a.avt = 5 * MSEC;
    CHECK(!bvt_keeps(&a, &b, 5 * MSEC));
    /* The allowance is in time of the running one: a heavier one's virtual time goes slower. */
    bvt_set_weight(&a, 512);
    a.avt = MSEC * 5 / 2 - 1;
    CHECK(bvt_keeps(&a, &b, 5 * MSEC));
    a.avt = MSEC * 5 / 2;
    CHECK(!bvt_keeps(&a, &b, 5 * MSEC));
}

static void test_weight_change_sheds_nothing(void)
{
    struct bvt_entity e = entity(65535);
    uint64_t before;

    bvt_charge(&e, 12345, 0, 1);
    before = e.avt;
    for (int i = 0; i < 1000; i++) {
        bvt_set_weight(&e, 1 + i * 61 % 65535);
        CHECK(e.remainder < e.weight);
        CHECK(!bvt_before(e.avt, before));
    }
    bvt_set_weight(&e, 0);
    CHECK_EQ(e.weight, 1);
    bvt_set_weight(&e, 1000000);
    CHECK_EQ(e.weight, BVT_WEIGHT_MAX);
}

/* The rule itself, for always-runnable entities: |A_i - A_j| <= max(C/w_i, C/w_j) + one charge. */
static void test_bounded_lag(void)
{
    enum { N = 5 };
    static const unsigned weights[N] = {256, 512, 1024, 100, 65535};
    struct bvt_entity e[N];
    const nsec_t allowance = 5 * MSEC;
    int running = 0;

    for (int i = 0; i < N; i++)
        e[i] = entity(weights[i]);
    for (int step = 0; step < 200000; step++) {
        int next = -1;
        nsec_t slice;

        for (int i = 0; i < N; i++)
            if (i != running && (next < 0 || bvt_before(e[i].avt, e[next].avt)))
                next = i;
        slice = bvt_slice(&e[running], &e[next], allowance, 1);
        bvt_charge(&e[running], slice, 0, 1);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                uint64_t bound = allowance * 256 / MIN(weights[i], weights[j]) + 2;

                if ((int64_t)(e[i].avt - e[j].avt) > (int64_t)bound)
                    CHECK(!"lag beyond the bound");
            }
        running = next;
    }
    CHECK(e[0].avt > 0);
}

int main(void)
{
    test_exact_charge();
    test_wrap();
    test_sleep_earns_nothing();
    test_warp_limit();
    test_slice();
    test_shortened();
    test_keeps();
    test_weight_change_sheds_nothing();
    test_bounded_lag();
    return check_report();
}
