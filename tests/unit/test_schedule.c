/* sources: tests/host/panic.c tests/host/sched_sim.c hypervisor/lib/heap.c hypervisor/lib/spinlock.c hypervisor/time/timer.c hypervisor/schedule/account.c hypervisor/schedule/bvt.c hypervisor/schedule/runqueue.c hypervisor/schedule/balance.c hypervisor/schedule/cap.c hypervisor/schedule/schedule.c hypervisor/schedule/wake.c hypervisor/schedule/work.c */
/* The scheduler on simulated machines: shares, caps, latency, balancing, what sleep and yield cost.
 */
#include <stdlib.h>

#include "check.h"
#include "sched_sim.h"
#include "schedule/runqueue.h"
#include "schedule/schedule.h"

#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define RUN (10 * SEC)

/* In per mille of one CPU, over what has passed since `from`. */
static long share(struct domain *d, nsec_t done_before, nsec_t over)
{
    return (long)((sim_done(d) - done_before) * 1000 / over);
}

/* Within 2 % of what is ideal. */
#define CHECK_SHARE(got, ideal)                                                                    \
    do {                                                                                           \
        long got_ = (got), ideal_ = (ideal);                                                       \
        CHECK(got_ >= ideal_ - MAX(ideal_ / 50, 1) && got_ <= ideal_ + MAX(ideal_ / 50, 1));       \
        if (got_ < ideal_ - MAX(ideal_ / 50, 1) || got_ > ideal_ + MAX(ideal_ / 50, 1))            \
            printf("  %s: %ld instead of %ld per mille\n", #got, got_, ideal_);                    \
    } while (0)

/* Busy domains of these weights, with `vcpus` each, on a machine; shares after 10 s. */
static void expect_shares(unsigned cpus, unsigned vcpus, unsigned n, const unsigned *weights,
                          const long *ideal)
{
    struct domain *d[8];

    sim_reset(cpus, 0);
    for (unsigned i = 0; i < n; i++) {
        d[i] = sim_domain(vcpus, weights[i], 0);
        sim_start(d[i], 0, 0);
    }
    sim_run(RUN);
    sim_check();
    for (unsigned i = 0; i < n; i++)
        CHECK_SHARE(share(d[i], 0, RUN), ideal[i]);
}

static void test_shares(void)
{
    static const unsigned w124[] = {256, 512, 1024}, w421[] = {1024, 512, 256},
                          w142[] = {256, 1024, 512}, equal[] = {256, 256, 256, 256, 256},
                          small[] = {1, 2, 4}, large[] = {16000, 32000, 64000},
                          seven[] = {100, 200, 300, 400, 500, 600, 700};

    expect_shares(1, 1, 3, w124, (long[]){143, 286, 571});
    expect_shares(1, 1, 3, small, (long[]){143, 286, 571});
    expect_shares(1, 1, 3, large, (long[]){143, 286, 571});
    expect_shares(2, 2, 3, w124, (long[]){286, 571, 1143});
    /* The heaviest cannot use its weight: it has a processor, the others share the other. */
    expect_shares(2, 1, 3, w124, (long[]){333, 667, 1000});
    expect_shares(2, 1, 3, w421, (long[]){1000, 667, 333});
    expect_shares(2, 1, 3, w142, (long[]){333, 1000, 667});
    expect_shares(2, 1, 3, large, (long[]){333, 667, 1000});
    expect_shares(2, 1, 3, equal, (long[]){667, 667, 667});
    expect_shares(2, 1, 5, equal, (long[]){400, 400, 400, 400, 400});
    expect_shares(4, 1, 5, equal, (long[]){800, 800, 800, 800, 800});
    expect_shares(4, 2, 3, equal, (long[]){1333, 1333, 1333});
    expect_shares(4, 1, 7, seven, (long[]){143, 286, 429, 571, 714, 857, 1000});
}

/* Light ones among heavy: in the long run nobody is off by more than two thousandths of a CPU. */
static void test_light_weights(void)
{
    static const struct {
        unsigned cpus, n, weights[6];
        long ideal[6]; /* per million of a CPU */
    } light[] = {
        {2, 3, {1, 256, 256}, {3899, 998051, 998051}},
        {2, 4, {1, 1, 256, 256}, {3891, 3891, 996109, 996109}},
        {2, 3, {2, 512, 256}, {7752, 1000000, 992248}},
        {2, 4, {1, 256, 256, 512}, {1951, 499512, 499512, 999024}},
        {2, 5, {1, 10, 100, 256, 256}, {3210, 32103, 321027, 821830, 821830}},
        {4, 6, {1, 256, 256, 256, 256, 100}, {3556, 910222, 910222, 910222, 910222, 355556}},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(light); i++) {
        sim_reset(light[i].cpus, 0);
        for (unsigned j = 0; j < light[i].n; j++)
            sim_start(sim_domain(1, light[i].weights[j], 0), 0, 0);
        sim_run(100 * SEC);
        for (unsigned j = 0; j < light[i].n; j++)
            CHECK(labs(sim_done(sim_domain_of(j)) / (100 * SEC / 1000000) - light[i].ideal[j]) <
                  2000);
    }
}

/* A domain's weight is its own whatever the number of its vCPUs. */
static void test_weight_of_domain(void)
{
    struct domain *one, *many;

    sim_reset(1, 0);
    one = sim_domain(1, 256, 0);
    many = sim_domain(4, 256, 0);
    sim_start(one, 0, 0);
    sim_start(many, 0, 0);
    sim_run(RUN);
    CHECK_SHARE(share(one, 0, RUN), 500);
    CHECK_SHARE(share(many, 0, RUN), 500);

    sim_reset(2, 0);
    one = sim_domain(1, 512, 0);
    many = sim_domain(3, 1024, 0);
    sim_start(one, 0, 0);
    sim_start(many, 0, 0);
    sim_run(RUN);
    CHECK_SHARE(share(one, 0, RUN), 667);
    CHECK_SHARE(share(many, 0, RUN), 1333);
}

static void test_weight_change(void)
{
    struct domain *a, *b;
    nsec_t before;

    sim_reset(1, 0);
    a = sim_domain(1, 256, 0);
    b = sim_domain(1, 65535, 0);
    sim_start(a, 0, 0);
    sim_start(b, 0, 0);
    sim_run(SEC);
    sched_set_domain(b, 256, 0);
    sched_set_domain(a, 768, 0);
    sim_run(SEC);
    before = sim_done(a);
    sim_run(RUN);
    CHECK_SHARE(share(a, before, RUN), 750);
}

static void test_caps(void)
{
    static const unsigned caps[] = {1, 5, 10, 33, 50, 90, 100};
    struct domain *a, *b;

    for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
        /* Alone on an idle machine, and with 4 vCPUs. */
        sim_reset(1, 0);
        a = sim_domain(1, 256, caps[i]);
        sim_start(a, 0, 0);
        sim_run(RUN);
        sim_check();
        CHECK_SHARE(share(a, 0, RUN), caps[i] * 10);
        sim_reset(4, 0);
        a = sim_domain(4, 256, caps[i]);
        sim_start(a, 0, 0);
        sim_run(RUN);
        sim_check();
        CHECK_SHARE(share(a, 0, RUN), caps[i] * 10);
    }
    /* The rest goes to who has no cap. */
    sim_reset(1, 0);
    a = sim_domain(1, 1024, 20);
    b = sim_domain(1, 256, 0);
    sim_start(a, 0, 0);
    sim_start(b, 0, 0);
    sim_run(RUN);
    CHECK_SHARE(share(a, 0, RUN), 200);
    CHECK_SHARE(share(b, 0, RUN), 800);
    /* More than one processor's worth; then none. */
    sim_reset(4, 0);
    a = sim_domain(4, 256, 250);
    sim_start(a, 0, 0);
    sim_run(RUN);
    CHECK_SHARE(share(a, 0, RUN), 2500);
    sched_set_domain(a, 256, 1);
    sim_run(MSEC);
    sched_set_domain(a, 256, 0);
    sim_run(MSEC);
    CHECK_EQ(runqueue_of(0)->count + runqueue_of(1)->count + runqueue_of(2)->count +
                 runqueue_of(3)->count,
             4);
}

/* One that sleeps nearly all the time finds the processor free for it, each time it wakes. */
static void expect_no_wait(struct sim_vcpu *s)
{
    nsec_t latency[64];

    s->latency = latency;
    s->latency_max = ARRAY_SIZE(latency);
    sim_start(s->v.domain, 100 * NSEC_PER_USEC, 37 * MSEC);
    sim_run(2 * SEC);
    CHECK(s->latencies > 40);
    for (unsigned i = 0; i < s->latencies; i++)
        CHECK_EQ(s->latency[i], 0);
    s->latency_max = 0;
}

/* Who wakes with a lower E has the processor at once, whatever the running one was promised. */
static void test_wake_preempts(void)
{
    struct domain *busy, *light;
    struct sim_vcpu *s;

    sim_reset(1, 0);
    for (unsigned i = 0; i < 16; i++) {
        busy = sim_domain(1, 256, 0);
        sim_start(busy, 0, 0);
    }
    light = sim_domain(1, 256, 0);
    light->sched.warp = 20 * MSEC;
    s = sim_vcpu(light, 0);
    s->v.sched.bvt.warp = 20 * MSEC;
    expect_no_wait(s);
}

static void set_default_warp(struct vcpu *v)
{
    v->sched.bvt.warp = SCHED_DEFAULT_WARP;
    v->sched.bvt.warp_limit = SCHED_DEFAULT_WARP_LIMIT;
    v->sched.bvt.unwarp = SCHED_DEFAULT_UNWARP;
}

/* Many wake at once and compute: all may warp, but one that sleeps most of the time soon comes
 * before all of them. And one that does not warp waits no longer than for four limits. */
static void test_many_wake(void)
{
    struct domain *light, *plain;
    struct sim_vcpu *s;

    sim_reset(1, 0);
    plain = sim_domain(1, 256, 0);
    light = sim_domain(1, 256, 0);
    sim_start(plain, 0, 0);
    for (unsigned i = 0; i < 40; i++) {
        struct domain *d = sim_domain(1, 256, 0);

        set_default_warp(d->vcpus[0]);
        sim_start(d, 0, 0);
    }
    sim_run(4 * SCHED_DEFAULT_WARP_LIMIT);
    CHECK_EQ(sim_done(plain), 0);
    sim_run(sched_allowance(40));
    CHECK(sim_done(plain) > 0);

    s = sim_vcpu(light, 0);
    set_default_warp(&s->v);
    expect_no_wait(s);
}

/* A database's work beside one that computes and one that wakes often and wants all it can get:
 * with the settings of a new domain it waits for neither. */
static void test_default_warp(void)
{
    struct domain *hog, *thrasher, *useful;
    struct sim_vcpu *s;
    nsec_t latency[128], sum = 0;

    sim_reset(1, 0);
    hog = sim_domain(1, 256, 0);
    thrasher = sim_domain(1, 256, 0);
    useful = sim_domain(1, 256, 0);
    set_default_warp(thrasher->vcpus[0]);
    set_default_warp(useful->vcpus[0]);
    s = sim_vcpu(useful, 0);
    s->latency = latency;
    s->latency_max = ARRAY_SIZE(latency);
    sim_start(hog, 0, 0);
    sim_start(thrasher, MSEC, MSEC / 10);
    sim_run(SEC);
    sim_start(useful, 8 * MSEC, 70 * MSEC);
    sim_run(RUN);
    /* It was never made to wait within its 8 ms. */
    CHECK_EQ(sim_done(useful) / (8 * MSEC), RUN / (78 * MSEC) + 1);
    for (unsigned i = 0; i < s->latencies; i++)
        sum += s->latency[i];
    CHECK(s->latencies > 100);
    CHECK_EQ(sum, 0);
    /* And the other two get the same as each other. */
    CHECK(labs(share(hog, 0, 11 * SEC) - share(thrasher, 0, 11 * SEC)) < 20);
}

/* A sleeper beside one that ran alone for long has no claim to the time it slept through. */
static void test_sleep_earns_nothing(void)
{
    struct domain *hog, *sleeper;
    nsec_t hog_before;

    for (nsec_t slept = SEC; slept < INT64_MAX / 1000; slept *= 100) {
        sim_reset(1, 0);
        hog = sim_domain(1, 1, 0);
        sleeper = sim_domain(1, 1, 0);
        sim_start(sleeper, MSEC, slept);
        sim_start(hog, 0, 0);
        sim_run(slept + 2 * MSEC);
        sim_vcpu(sleeper, 0)->left = INT64_MAX;
        hog_before = sim_done(hog);
        sim_run(SEC);
        CHECK_SHARE(share(hog, hog_before, SEC), 500);
    }
}

/* The same of one that yields all the time and then computes. */
static void test_yield_earns_nothing(void)
{
    struct domain *hog, *polite;
    nsec_t before;

    sim_reset(1, 0);
    hog = sim_domain(1, 256, 0);
    polite = sim_domain(1, 256, 0);
    sim_start(hog, 0, 0);
    sim_start(polite, 0, 0);
    for (int i = 0; i < 10000; i++) {
        if (runqueue_of(0)->running->domain == polite) {
            sim_yield(0);
            sim_run(0);
            CHECK(runqueue_of(0)->running->domain == hog);
        }
        sim_run(MSEC / 10);
    }
    CHECK(sim_done(polite) < SEC / 20);
    before = sim_done(hog);
    sim_run(SEC);
    CHECK_SHARE(share(hog, before, SEC), 500);
}

/* Warp lets its owner go first; it takes no more than its share for that. */
static void test_warp_is_borrowed(void)
{
    struct domain *a, *b;

    sim_reset(1, 0);
    a = sim_domain(1, 256, 0);
    b = sim_domain(1, 256, 0);
    sim_vcpu(b, 0)->v.sched.bvt.warp = 50 * MSEC;
    sim_start(a, 0, 0);
    sim_start(b, 3 * MSEC, MSEC / 10);
    sim_run(RUN);
    CHECK(share(a, 0, RUN) >= 490);
}

static void test_affinity(void)
{
    struct domain *a, *b, *c;
    cpumask_t first = {{1}}, second = {{2}}, all = {{~UINT64_C(0)}};
    nsec_t before;

    /* All pinned to one CPU: the other idles, and takes one as soon as it may. */
    sim_reset(2, 0);
    a = sim_domain(1, 256, 0);
    b = sim_domain(1, 256, 0);
    c = sim_domain(1, 256, 0);
    vcpu_set_affinity(a->vcpus[0], &first, &all);
    vcpu_set_affinity(b->vcpus[0], &first, &all);
    vcpu_set_affinity(c->vcpus[0], &first, &all);
    sim_start(a, 0, 0);
    sim_start(b, 0, 0);
    sim_start(c, 0, 0);
    sim_run(SEC);
    sim_check();
    CHECK_SHARE(share(a, 0, SEC), 333);
    CHECK_EQ(runqueue_of(1)->count, 0);
    vcpu_set_affinity(c->vcpus[0], &all, &all);
    sim_run(20 * MSEC);
    sim_check();
    CHECK_EQ(runqueue_of(1)->count, 1);
    before = sim_done(c);
    sim_run(RUN);
    CHECK_SHARE(share(c, before, RUN), 1000);
    /* Pinned elsewhere while it runs. */
    vcpu_set_affinity(a->vcpus[0], &second, &all);
    sim_run(0);
    sim_check();
    CHECK_EQ(a->vcpus[0]->sched.cpu, 1);
    before = sim_done(b);
    sim_run(RUN);
    CHECK_SHARE(share(b, before, RUN), 667);
}

/* After days of unequal load on pinned queues nobody starves when the pins go. */
static void test_unpinning(void)
{
    struct domain *d[4];
    cpumask_t first = {{1}}, second = {{2}}, all = {{~UINT64_C(0)}};
    nsec_t before[4];

    sim_reset(2, 0);
    for (unsigned i = 0; i < 4; i++) {
        d[i] = sim_domain(1, 256, 0);
        vcpu_set_affinity(d[i]->vcpus[0], i ? &first : &second, &all);
        sim_start(d[i], 0, 0);
    }
    sim_run(100 * SEC);
    for (unsigned i = 0; i < 4; i++) {
        vcpu_set_affinity(d[i]->vcpus[0], &all, &all);
        before[i] = sim_done(d[i]);
    }
    sim_run(RUN);
    for (unsigned i = 0; i < 4; i++)
        CHECK(share(d[i], before[i], RUN) >= 460 && share(d[i], before[i], RUN) <= 560);
}

static void test_soft_affinity(void)
{
    struct domain *d[2];
    cpumask_t second = {{2}}, all = {{~UINT64_C(0)}};

    sim_reset(2, 0);
    for (unsigned i = 0; i < 2; i++) {
        d[i] = sim_domain(1, 256, 0);
        vcpu_set_affinity(d[i]->vcpus[0], &all, &second);
    }
    /* Where it likes to be when it can, elsewhere rather than wait. */
    sim_start(d[0], MSEC, MSEC);
    sim_run(SEC);
    CHECK_EQ(d[0]->vcpus[0]->sched.cpu, 1);
    sim_start(d[1], 0, 0);
    sim_run(SEC);
    sim_check();
    CHECK(share(d[1], 0, SEC) > 950);
}

/* The CPU on which the vCPU runs, or -1. */
static int cpu_of(const struct sim_vcpu *s, unsigned cpus)
{
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        if (runqueue_of(cpu)->running == &s->v)
            return (int)cpu;
    return -1;
}

/* All that run fall asleep for a moment, the last first, and wake one after the other, so that each
 * sees no more than those before it. */
static void nap(struct domain *d, unsigned vcpus)
{
    for (int i = (int)vcpus - 1; i >= 0; i--) {
        int cpu = cpu_of(sim_vcpu(d, (unsigned)i), vcpus);

        if (cpu >= 0)
            sim_block((unsigned)cpu);
        sim_run(5 * NSEC_PER_USEC);
    }
    for (unsigned i = 0; i < vcpus; i++) {
        vcpu_unblock(&sim_vcpu(d, i)->v);
        sim_run(5 * NSEC_PER_USEC);
    }
}

/* Who does that often has no more than its weight, beside one that computes. */
static void test_naps_earn_nothing(void)
{
    static const nsec_t between[] = {MSEC, 4 * MSEC, 9 * MSEC};

    for (unsigned i = 0; i < ARRAY_SIZE(between); i++) {
        struct domain *d[2];
        nsec_t done, begin;

        sim_reset(2, 0);
        for (unsigned k = 0; k < 2; k++) {
            d[k] = sim_domain(2, 256, 0);
            set_default_warp(&sim_vcpu(d[k], 0)->v);
            set_default_warp(&sim_vcpu(d[k], 1)->v);
            sim_start(d[k], 0, 0);
        }
        sim_run(SEC);
        done = sim_done(d[0]);
        begin = sim_clock;
        while (sim_clock < begin + RUN) {
            nap(d[0], 2);
            sim_run(between[i]);
        }
        sim_check();
        CHECK_SHARE(share(d[0], done, sim_clock - begin), 1000);
    }
}

/* |A_i - A_j| <= max(C/w_i, C/w_j) on one CPU, for any weights, with vCPUs that come and go beside.
 */
static void test_bounded_lag(void)
{
    enum { N = 6 };
    struct domain *d[N];

    srandom(5);
    for (int round = 0; round < 30; round++) {
        nsec_t allowance = sched_allowance(1);

        sim_reset(1, 0);
        for (int i = 0; i < N; i++) {
            d[i] = sim_domain(1, 1 + (unsigned)random() % (i % 2 ? 2000 : 65535), 0);
            sim_start(d[i], 0, 0);
        }
        for (int i = 0; i < 3; i++)
            sim_start(sim_domain(1, 256, 0), 1 + random() % (3 * MSEC), 1 + random() % (9 * MSEC));
        for (int step = 0; step < 300; step++) {
            sim_run(random() % (7 * MSEC));
            runqueue_charge(runqueue_of(0), sim_clock);
            for (int i = 0; i < N; i++)
                for (int j = 0; j < N; j++) {
                    const struct bvt_entity *a = &d[i]->vcpus[0]->sched.bvt,
                                            *b = &d[j]->vcpus[0]->sched.bvt;
                    int64_t bound = allowance * 256 / MIN(a->weight, b->weight) + 512;

                    if ((int64_t)(a->avt - b->avt) > bound)
                        CHECK(!"lag beyond the bound");
                }
        }
    }
    CHECK(sim_switches > 100);
}

/* The more want a processor, the shorter their turns: nobody waits longer than two rounds of them.
 */
static void test_rounds(void)
{
    static const struct {
        unsigned busy;
        nsec_t turn;
    } rounds[] = {{2, 5 * MSEC}, {4, 5 * MSEC}, {20, MSEC}, {40, MSEC / 2}, {120, MSEC / 2}};

    for (unsigned r = 0; r < ARRAY_SIZE(rounds); r++) {
        unsigned n = rounds[r].busy;
        nsec_t got[128] = {0};

        sim_reset(1, 0);
        for (unsigned i = 0; i < n; i++)
            sim_start(sim_domain(1, 256, 0), 0, 0);
        sim_run(SEC);
        CHECK(sim_switches >= (unsigned long)(SEC / rounds[r].turn / 2));
        CHECK(sim_switches <= (unsigned long)(SEC / rounds[r].turn + n));
        for (unsigned step = 0; step < 10; step++) {
            sim_run(2 * n * rounds[r].turn);
            for (unsigned i = 0; i < n; i++) {
                CHECK(sim_done(sim_domain_of(i)) > got[i]);
                got[i] = sim_done(sim_domain_of(i));
            }
        }
    }
}

/* Nothing to do: nothing happens. One vCPU to a CPU: no interrupts either. */
static void test_quiet(void)
{
    sim_reset(4, 0);
    for (unsigned i = 0; i < 4; i++)
        sim_domain(1, 256, 0);
    sim_run(60 * SEC);
    CHECK_EQ(sim_timer_interrupts, 0);
    sim_start(sim_domain(4, 256, 0), 0, 0);
    sim_run(60 * SEC);
    CHECK(sim_timer_interrupts <= 4);
}

int main(void)
{
    test_shares();
    test_light_weights();
    test_weight_of_domain();
    test_weight_change();
    test_caps();
    test_wake_preempts();
    test_many_wake();
    test_default_warp();
    test_sleep_earns_nothing();
    test_yield_earns_nothing();
    test_naps_earn_nothing();
    test_warp_is_borrowed();
    test_affinity();
    test_unpinning();
    test_soft_affinity();
    test_bounded_lag();
    test_rounds();
    test_quiet();
    return check_report();
}
