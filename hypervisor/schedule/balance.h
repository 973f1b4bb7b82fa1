/*
 * Fairness between processors (beyond SOSP'03, whose machine has one).
 *
 * Each queue has its own virtual time; to compare two, an offset is added to each. When a queue
 * that has somebody waiting meets another, at most every 10 ms and at the end of a slice that was
 * set anyhow, the one whose time is behind gets less for its weights. Its waiting vCPU with the
 * least A moves to the other queue, A and all, once it has missed more than SCHED_LAG (or two
 * allowances) of its own running time: there it has the least A and runs until it has caught up. So
 * time received differs from the ideal by a bounded amount, whatever number of vCPUs there are for
 * the processors.
 *
 * A queue that is behind and has nobody to give, such as one heavy vCPU alone, cannot use its
 * weight. Its offset grows so that it is never further behind than a fixed bound: the weight counts
 * as what it can use, and the others share the surplus. Queues that were empty, or did not meet for
 * a second, owe each other nothing. With nobody waiting, nothing of this happens.
 */
#ifndef SCHEDULE_BALANCE_H
#define SCHEDULE_BALANCE_H

#include "schedule/runqueue.h"

#define BALANCE_PERIOD (10 * NSEC_PER_MSEC)
#define SCHED_LAG (10 * NSEC_PER_MSEC)

/* Meets the next other queue, if it is time to. `rq`, this CPU's, is locked and charged. */
void balance(struct runqueue *rq, nsec_t at);

/* Takes a waiting vCPU from another queue for this CPU, which has nothing to do. `rq`, its queue,
 * is locked. False when there is nothing to take. */
bool balance_steal(struct runqueue *rq, nsec_t at);

/* Somebody, `v`, waits behind another vCPU: a CPU that halts may take it. */
void sched_tell_idle_cpu(const struct vcpu *v);

/* Moves a vCPU that is on neither queue, both locked and charged: A - SVT stays what it was. */
void balance_transfer(struct vcpu *v, struct runqueue *from, struct runqueue *to);

/* How long the running vCPU of `rq`, which is locked and charged, may go on before `next` comes or
 * it is time to balance. */
nsec_t balance_slice(const struct runqueue *rq, const struct vcpu *next);

#endif
