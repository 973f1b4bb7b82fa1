/*
 * A machine for schedule/ and time/timer.c as they are: N CPUs with a local timer each, a clock
 * that moves from one thing that happens to the next, and vCPUs that compute and sleep as they are
 * told. A switch between vCPUs costs time of its CPU in which no guest gets on.
 */
#ifndef TESTS_HOST_SCHED_SIM_H
#define TESTS_HOST_SCHED_SIM_H

#include "domain/domain.h"
#include "lib/types.h"

#define SIM_CPUS 8u
#define SIM_DOMAINS 160u
#define SIM_VCPUS 8u

/* What a vCPU does and what became of it. */
struct sim_vcpu {
    struct vcpu v;
    struct vcpu_info info;
    nsec_t burst, sleep; /* computes and sleeps in turn, for so long; burst 0: for ever */
    nsec_t left;         /* of this burst */
    nsec_t done;         /* computed so far */
    nsec_t got;          /* processor time so far, switches included */
    nsec_t woke_at;
    nsec_t *latency; /* if not NULL: place for the next from wake-up to dispatch */
    unsigned latencies, latency_max;
};

extern nsec_t sim_clock;
extern nsec_t sim_switch_cost;
extern unsigned long sim_switches, sim_timer_interrupts, sim_moves;

/* A machine of `cpus` idle CPUs at time `at`, no domains, the default allowance, free switches. */
void sim_reset(unsigned cpus, nsec_t at);
/* A domain whose vCPUs are down, without warp. */
struct domain *sim_domain(unsigned vcpus, unsigned weight, unsigned cap);
/* The domain made as number `id` since the reset. */
struct domain *sim_domain_of(unsigned id);
struct sim_vcpu *sim_vcpu(struct domain *d, unsigned vcpu);
/* Sets all vCPUs of the domain to work, `burst` and `sleep` as in struct sim_vcpu. */
void sim_start(struct domain *d, nsec_t burst, nsec_t sleep);
/* Puts the domain away; its vCPUs must not be used any more. */
void sim_destroy(struct domain *d);
/* The vCPU that runs on a CPU calls SCHEDOP_yield / SCHEDOP_block until somebody wakes it. */
void sim_yield(unsigned cpu);
void sim_block(unsigned cpu);
void sim_set_allowance(nsec_t allowance);
/* Lets `t` ns pass. */
void sim_run(nsec_t t);
/* What all vCPUs of the domain computed since they were made. */
nsec_t sim_done(struct domain *d);
/* Stops the test when a queue is wrong in itself, a vCPU is where it may not be, or a CPU idles
 * while a vCPU waits that may run there. */
void sim_check(void);

#endif
