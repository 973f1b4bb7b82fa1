/*
 * What the scheduler gives, on the simulated machine of tests/host/sched_sim.c, which runs the
 * hypervisor's own scheduler and timers: tables of shares, latency (ms) and throughput.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sched_sim.h"
#include "schedule/schedule.h"

#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define WAKES 400

/* What bench/domains/run has measured, in instructions at 1 ns: without refilling of caches. */
#define SWITCH_COST (1650)

static const unsigned beside[] = {1, 4, 16, 64, 128};
static const nsec_t allowances[] = {1 * MSEC, 5 * MSEC, 20 * MSEC};

static int earlier(const void *a, const void *b)
{
    nsec_t x = *(const nsec_t *)a, y = *(const nsec_t *)b;

    return (x > y) - (x < y);
}

static void shares(const char *what, unsigned cpus, unsigned vcpus)
{
    struct domain *d[3];

    sim_reset(cpus, 0);
    for (unsigned i = 0; i < 3; i++) {
        d[i] = sim_domain(vcpus, 256u << i, 0);
        sim_start(d[i], 0, 0);
    }
    sim_run(10 * SEC);
    printf("| %s | %.4f | %.4f | %.4f |\n", what, (double)sim_done(d[0]) / (10 * SEC),
           (double)sim_done(d[1]) / (10 * SEC), (double)sim_done(d[2]) / (10 * SEC));
}

struct percentiles {
    double median, high; /* ms; the higher is the 99th percentile */
};

/* From waking to running, of a domain that computes for 0.1 ms and sleeps for 97, beside busy ones
 * of the same weight. */
static struct percentiles latency(unsigned busy, nsec_t allowance, nsec_t warp)
{
    static nsec_t waits[WAKES];
    struct domain *d;
    struct sim_vcpu *s;

    sim_reset(1, 0);
    sim_switch_cost = SWITCH_COST;
    sim_set_allowance(allowance);
    for (unsigned i = 0; i < busy; i++)
        sim_start(sim_domain(1, 256, 0), 0, 0);
    d = sim_domain(1, 256, 0);
    s = sim_vcpu(d, 0);
    s->v.sched.bvt.warp = warp;
    s->v.sched.bvt.warp_limit = SCHED_DEFAULT_WARP_LIMIT;
    s->v.sched.bvt.unwarp = SCHED_DEFAULT_UNWARP;
    s->latency = waits;
    s->latency_max = WAKES;
    sim_start(d, 100 * NSEC_PER_USEC, 97 * MSEC);
    sim_run(SEC);
    s->latencies = 0;
    while (s->latencies < WAKES)
        sim_run(SEC);
    qsort(waits, WAKES, sizeof(*waits), earlier);
    return (struct percentiles){(double)waits[WAKES / 2] / MSEC,
                                (double)waits[WAKES * 99 / 100] / MSEC};
}

/* How long one of the busy domains itself takes to get to something new: from any moment to its
 * next turn. */
static struct percentiles answer_of_busy(unsigned busy, nsec_t allowance)
{
    static nsec_t waits[WAKES];
    const struct vcpu *v;

    sim_reset(1, 0);
    sim_switch_cost = SWITCH_COST;
    sim_set_allowance(allowance);
    for (unsigned i = 0; i <= busy; i++)
        sim_start(sim_domain(1, 256, 0), 0, 0);
    v = sim_domain_of(busy)->vcpus[0];
    for (unsigned i = 0; i < WAKES; i++) {
        nsec_t from;

        sim_run(SEC + random() % SEC);
        from = sim_clock;
        while (!v->sched.is_running)
            sim_run(100 * NSEC_PER_USEC);
        waits[i] = sim_clock - from;
    }
    qsort(waits, WAKES, sizeof(*waits), earlier);
    return (struct percentiles){(double)waits[WAKES / 2] / MSEC,
                                (double)waits[WAKES * 99 / 100] / MSEC};
}

static void latencies(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(beside); i++)
        for (unsigned c = 0; c < ARRAY_SIZE(allowances); c++) {
            struct percentiles off = latency(beside[i], allowances[c], 0),
                               on = latency(beside[i], allowances[c], SCHED_DEFAULT_WARP),
                               busy = answer_of_busy(beside[i], allowances[c]);

            printf("| %u | %.0f | %.2f | %.2f | %.2f | %.2f | %.1f | %.1f |\n", beside[i],
                   (double)allowances[c] / MSEC, on.median, on.high, off.median, off.high,
                   busy.median, busy.high);
        }
}

/* Useful work of n busy domains, against the whole. */
static void throughput(void)
{
    for (unsigned n = 1; n <= 128; n *= 2) {
        printf("| %u |", n);
        for (unsigned c = 0; c < ARRAY_SIZE(allowances); c++) {
            nsec_t done = 0;

            sim_reset(1, 0);
            sim_switch_cost = SWITCH_COST;
            sim_set_allowance(allowances[c]);
            for (unsigned i = 0; i < n; i++)
                sim_start(sim_domain(1, 256, 0), 0, 0);
            sim_run(20 * SEC);
            for (unsigned i = 0; i < n; i++)
                done += sim_done(sim_domain_of(i));
            printf(" %.2f %% |", (double)done * 100 / (20 * SEC) - 100);
        }
        printf("\n");
    }
}

int main(void)
{
    printf("| weights 1:2:4 | first | second | third |\n|---|--:|--:|--:|\n");
    shares("one processor, one vCPU each", 1, 1);
    shares("two processors, two vCPUs each", 2, 2);
    shares("two processors, one vCPU each", 2, 1);
    printf("\n| busy domains | C | warp: median | 99th | no warp: median | 99th | busy one: median "
           "| 99th |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    latencies();
    printf("\n| domains | C = 1 ms | C = 5 ms | C = 20 ms |\n|--:|--:|--:|--:|\n");
    throughput();
    return 0;
}
