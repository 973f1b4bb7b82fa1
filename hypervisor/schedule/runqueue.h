/* One CPU's run queue: its runnable vCPUs, the running one included. */
#ifndef SCHEDULE_RUNQUEUE_H
#define SCHEDULE_RUNQUEUE_H

#include "domain/domain.h"
#include "lib/spinlock.h"

struct runqueue {
    spinlock_t lock;                     /* LOCK_RUNQUEUE, interrupts off */
    struct list runnable;                /* struct vcpu.sched.queue, in no order */
    struct heap by_actual, by_effective; /* those that wait, by A and by E */
    unsigned count;
    struct vcpu *running; /* the idle vCPU when nothing else does */
    struct vcpu *idle;
    uint64_t svt;       /* scheduler virtual time: least A of the runnable; never goes back, and
                         * keeps its last value while there is none */
    struct timer slice; /* end of the running vCPU's turn */
    bool newcomer;      /* somebody with a lower E than the running has come */
    bool yielding;      /* the running vCPU gives way once */

    /* Balancing (schedule/balance.c). */
    uint64_t offset;   /* added to A, it compares with the other queues' */
    nsec_t met_at;     /* when it was last compared with another and had been busy since; 0: not */
    nsec_t balance_at; /* not again before */
    unsigned partner;  /* the CPU it was compared with last */
} CACHE_ALIGNED;

/* The queue of CPU `cpu`, below MAX_CPUS. Any context. */
struct runqueue *runqueue_of(unsigned cpu);
/* Locks the queue that `v` belongs to; for spin_unlock_irqrestore. */
struct runqueue *runqueue_lock_of(const struct vcpu *v, unsigned long *flags);

/* All of these: the queue's lock held, interrupts off. */

/* Puts a vCPU on the queue of its CPU. Its A is what it is to be. */
void runqueue_insert(struct runqueue *rq, struct vcpu *v);
void runqueue_remove(struct runqueue *rq, struct vcpu *v);
/* Charges the running vCPU up to `at` and brings SVT up to date. Before SVT or an A is used. */
void runqueue_charge(struct runqueue *rq, nsec_t at);
/* Takes note of how many share the domain's weight now. */
void runqueue_share_weight(struct vcpu *v);
/* Makes `next` the running one; who ran before waits, if it is still on the queue. */
void runqueue_set_running(struct runqueue *rq, struct vcpu *next);
/* Finds its place anew after its E has changed for other reasons than running. */
void runqueue_sort(struct runqueue *rq, struct vcpu *v);
/* Of those that wait the one with the least E, or NULL. */
struct vcpu *runqueue_best(const struct runqueue *rq);
/* The least A of the runnable; SVT when there is none. */
uint64_t runqueue_least(const struct runqueue *rq);
/* The vCPU with the least A that waits here and may run on `cpu`, where `by_preference` says so by
 * soft affinity too; or NULL. */
struct vcpu *runqueue_waiting(const struct runqueue *rq, unsigned cpu, bool by_preference);

#endif
