/*
 * Who runs where, and when (SOSP'03 3.3.1).
 *
 * Stacks belong to CPUs, not to vCPUs: nothing in Ringfort sleeps. What must wait marks its vCPU
 * and raises WORK_SCHEDULE; on the way back to the guest the pending work is done and another vCPU
 * may be switched to.
 */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include "lib/bitmap.h"
#include "lib/types.h"

struct vcpu;
struct domain;
struct vcpu_runstate_info;

/* Work a CPU does with interrupts on before it returns to a guest, or idles; bit numbers. */
enum cpu_work {
    WORK_TIMER,    /* expired software timers */
    WORK_CONSOLE,  /* serial input arrived */
    WORK_REAP,     /* a domain's last reference has gone */
    WORK_SCHEDULE, /* look at the run queue; last, as it may switch away */
    WORK_COUNT
};

/* Marks work on a CPU and interrupts it if it is another one. Any context. */
void work_raise(unsigned cpu, enum cpu_work work);
/* True when this CPU has work. Preemption points ask this too. */
bool work_pending(void);
/* Does all pending work; may switch to another vCPU and then does not return. Interrupts are on. */
void work_run(void);

/* Starts the idle vCPU's loop on this CPU; never returns. */
void sched_start_cpu(void) __attribute__((noreturn));
/* What resume_current() enters when `current` is the idle vCPU. */
void idle_loop(void) __attribute__((noreturn));
/* For the debug keys. */
void sched_dump(void);
/* Parts of vcpu_create, domain_create and domain_kill: all CPUs and the domain's weight; the
 * defaults; off every queue for good. */
void sched_init_vcpu(struct vcpu *v);
void sched_init_domain(struct domain *d);
void sched_destroy_vcpu(struct vcpu *v);
void sched_destroy_domain(struct domain *d);

/* Makes the vCPU runnable again after an event; harmless when it is running or paused. */
void vcpu_wake(struct vcpu *v);
/* If it runs elsewhere, makes its CPU pass through the exit path (to see new events). */
void vcpu_kick(struct vcpu *v);
/* Wakes it if blocked, kicks it if running: what an event delivery does. */
void vcpu_unblock(struct vcpu *v);
/* Blocks `current` unless events are deliverable already. Effective on the exit path. */
void vcpu_block(void);
/* `current` gives way to whoever else waits for this CPU. Effective on the exit path. */
void sched_yield(void);
/* Counted reasons not to run. vcpu_pause and vcpu_wait_stopped wait until its registers are in
 * v->arch (never for current: use vcpu_pause_nosync). */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_wait_stopped(const struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
void vcpu_set_up(struct vcpu *v, bool up);
/* Where the vCPU may run, some CPU online among them, and where it would rather. Effective on the
 * exit path of its CPU. */
void vcpu_set_affinity(struct vcpu *v, const cpumask_t *hard, const cpumask_t *soft);
/* A domain's weight (1..BVT_WEIGHT_MAX, 256 is the unit, for all its vCPUs together) and cap (per
 * cent of one CPU, 0: none); effective at once. */
void sched_set_domain(struct domain *d, unsigned weight, unsigned cap);
/* The context-switch allowance where `runnable` vCPUs want the processor; C, the one among few, is
 * an option and may change. */
nsec_t sched_allowance(unsigned runnable);
/* Time spent in each state up to now, also of a vCPU that runs elsewhere. */
void vcpu_get_runstate(struct vcpu *v, struct vcpu_runstate_info *out);
bool vcpu_runnable(const struct vcpu *v);

/* True when a guest-length operation should stop and be restarted: work waits on this CPU. Host
 * builds drive it from the test. */
bool preempt_needed(void);

/* Implemented by x86/context: puts `prev`'s state away and loads `next`'s; the caller then goes on
 * on the same stack. Interrupts are off. */
void context_switch(struct vcpu *prev, struct vcpu *next);
/* Implemented by x86/context: drops the stack and enters the current vCPU's exit path (or the idle
 * loop). */
void resume_current(void) __attribute__((noreturn));

#endif
