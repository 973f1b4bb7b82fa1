/* One CPU's run queue: its runnable vCPUs, the running one included. */
#ifndef SCHEDULE_RUNQUEUE_H
#define SCHEDULE_RUNQUEUE_H

#include "domain/domain.h"
#include "lib/spinlock.h"

struct runqueue {
    spinlock_t lock;      /* LOCK_RUNQUEUE, interrupts off */
    struct list runnable; /* struct vcpu.sched.queue, in no order */
    unsigned count;
    struct vcpu *running; /* the idle vCPU when nothing else does */
    struct vcpu *idle;
    uint64_t svt;       /* scheduler virtual time: least A of the runnable; keeps its last
                         * value while there is none */
    struct timer slice; /* end of the running vCPU's turn */
    bool newcomer;      /* somebody with a lower E than the running has come */
    bool yielding;      /* the running vCPU gives way once */
} CACHE_ALIGNED;

/* The queue of CPU `cpu`, below MAX_CPUS. Any context. */
struct runqueue *runqueue_of(unsigned cpu);
/* Locks the queue that `v` belongs to; for spin_unlock_irqrestore. */
struct runqueue *runqueue_lock_of(const struct vcpu *v, unsigned long *flags);

/* All of these: the queue's lock held, interrupts off. */

/* Puts a runnable vCPU on its CPU's queue, waking it by the BVT rule. */
void runqueue_insert(struct runqueue *rq, struct vcpu *v);
/* The same for one that comes from another queue and has not slept in between. */
void runqueue_accept(struct runqueue *rq, struct vcpu *v);
void runqueue_remove(struct runqueue *rq, struct vcpu *v);
/* Charges the running vCPU up to `at` and brings SVT up to date. */
void runqueue_charge(struct runqueue *rq, nsec_t at);
/* The vCPU with the least E but `except` (may be NULL), or NULL. */
struct vcpu *runqueue_best(const struct runqueue *rq, const struct vcpu *except);
/* A vCPU that waits here and may run on `cpu`, for a CPU that has nothing to do; or NULL. */
struct vcpu *runqueue_stealable(const struct runqueue *rq, unsigned cpu);

#endif
