/* sources: tests/host/panic.c tests/host/sched_sim.c hypervisor/lib/heap.c hypervisor/lib/spinlock.c hypervisor/time/timer.c hypervisor/schedule/account.c hypervisor/schedule/bvt.c hypervisor/schedule/runqueue.c hypervisor/schedule/balance.c hypervisor/schedule/cap.c hypervisor/schedule/schedule.c hypervisor/schedule/status.c hypervisor/schedule/wake.c hypervisor/schedule/work.c */
/*
 * Any order of what guests, tools and time do to the scheduler, on 1 to 4 simulated CPUs; the rules
 * of sim_check() hold after each step, and at the end nobody who wants to run has been forgotten.
 * Four bytes a step: what, who, two operands.
 */
#include "lib/assert.h"
#include "sched_sim.h"
#include "schedule/runqueue.h"
#include "schedule/schedule.h"
#include "schedule/status.h"
#include "x86/smp.h"

#include <string.h>

#define DOMAINS 6u
#define MSEC NSEC_PER_MSEC

enum step {
    STEP_RUN,
    STEP_START,
    STEP_BLOCK,
    STEP_WAKE,
    STEP_YIELD,
    STEP_PAUSE,
    STEP_UNPAUSE,
    STEP_UP_DOWN,
    STEP_WEIGHT,
    STEP_CAP,
    STEP_PIN,
    STEP_PREFER,
    STEP_WARP,
    STEP_ALLOWANCE,
    STEP_NEW,
    STEP_LONG,
    STEPS
};

static struct domain *domains[DOMAINS];
static const cpumask_t everywhere = {{~UINT64_C(0)}};

/* A mask with some CPU of the machine in it. */
static cpumask_t mask_of(uint8_t bits)
{
    uint64_t online = (UINT64_C(1) << cpu_count) - 1;

    return (cpumask_t){{bits & online ? bits & online : online}};
}

static void set_warp(struct domain *d, uint8_t a, uint8_t b)
{
    struct vcpu *v;

    d->sched.warp = a * MSEC;
    d->sched.warp_limit = (b & 15) * MSEC / 4;
    d->sched.unwarp = (b >> 4) * MSEC;
    for_each_vcpu (d, v)
        vcpu_take_warp(v);
}

static void pause(struct vcpu *v, bool on)
{
    if (on && v->sched.pauses < 3)
        vcpu_pause_nosync(v);
    else if (!on && v->sched.pauses)
        vcpu_unpause(v);
}

static void step(const uint8_t *s)
{
    static const unsigned weights[] = {1, 2, 64, 256, 1000, 65535};
    unsigned id = s[1] % DOMAINS;
    struct domain *d = domains[id];
    struct vcpu *v = d->vcpus[s[1] / DOMAINS % d->max_vcpus];
    cpumask_t mask = mask_of(s[2]);
    unsigned cpu = s[2] % cpu_count;

    switch (s[0] % STEPS) {
    case STEP_RUN:
        sim_run((s[2] << 8 | s[3]) * (MSEC / 1000));
        break;
    case STEP_START:
        sim_start(d, s[2] * MSEC / 8, s[3] * MSEC / 8);
        break;
    case STEP_BLOCK:
        sim_block(cpu);
        break;
    case STEP_WAKE:
        vcpu_unblock(v);
        break;
    case STEP_YIELD:
        sim_yield(cpu);
        break;
    case STEP_PAUSE:
    case STEP_UNPAUSE:
        pause(v, s[0] % STEPS == STEP_PAUSE);
        break;
    case STEP_UP_DOWN:
        vcpu_set_up(v, s[2] & 1);
        break;
    case STEP_WEIGHT:
        sched_set_domain(d, weights[s[2] % ARRAY_SIZE(weights)], d->sched.cap);
        break;
    case STEP_CAP:
        sched_set_domain(d, d->sched.weight, s[2]);
        break;
    case STEP_PIN:
        vcpu_set_affinity(v, &mask, &everywhere);
        break;
    case STEP_PREFER:
        vcpu_set_affinity(v, &v->sched.hard_affinity, &mask);
        break;
    case STEP_WARP:
        set_warp(d, s[2], s[3]);
        break;
    case STEP_ALLOWANCE:
        sim_set_allowance((1 + s[2]) * MSEC / 10);
        break;
    case STEP_NEW:
        sim_destroy(d);
        domains[id] = sim_domain(1 + s[2] % 4, weights[s[3] % ARRAY_SIZE(weights)], 0);
        break;
    case STEP_LONG:
        sim_run(s[2] * (NSEC_PER_SEC / 100));
        break;
    }
}

/* Everybody may run now, for ever: nobody is left out, and bursts end. */
static void check_everybody_runs(void)
{
    nsec_t before[DOMAINS];

    for (unsigned i = 0; i < DOMAINS; i++) {
        struct vcpu *v;

        set_warp(domains[i], 0, 0);
        for_each_vcpu (domains[i], v) {
            vcpu_set_affinity(v, &everywhere, &everywhere);
            while (v->sched.pauses)
                vcpu_unpause(v);
            vcpu_unblock(v);
        }
        sched_set_domain(domains[i], 256, 0);
        sim_start(domains[i], 0, 0);
    }
    sim_set_allowance(5 * MSEC);
    sim_run(2 * NSEC_PER_SEC);
    for (unsigned i = 0; i < DOMAINS; i++)
        before[i] = sim_done(domains[i]);
    sim_run(NSEC_PER_SEC);
    sim_check();
    for (unsigned i = 0; i < DOMAINS; i++)
        if ((sim_done(domains[i]) - before[i]) * DOMAINS * 2 < NSEC_PER_SEC)
            panic("domain %u starves", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 1024)
        return 0;
    sim_reset(1 + data[0] % 4, data[1] ? INT64_MAX / 256 * data[1] / 2 : 0);
    sim_switch_cost = data[2] * 100;
    for (unsigned i = 0; i < DOMAINS; i++)
        domains[i] = sim_domain(1 + i % 3, 256, 0);
    for (size_t at = 4; at + 4 <= size; at += 4) {
        step(data + at);
        sim_check();
    }
    check_everybody_runs();
    return 0;
}
