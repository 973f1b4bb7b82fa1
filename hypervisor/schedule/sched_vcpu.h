/* What the scheduler keeps for each vCPU and domain. */
#ifndef SCHEDULE_SCHED_VCPU_H
#define SCHEDULE_SCHED_VCPU_H

#include "lib/bitmap.h"
#include "lib/heap.h"
#include "lib/list.h"
#include "lib/types.h"
#include "schedule/account.h"
#include "schedule/bvt.h"
#include "time/timer.h"

struct sched_vcpu {
    unsigned cpu;    /* whose run queue; changed under both queues' locks */
    bool is_running; /* its registers may be on a CPU; see sched_sync() */
    bool is_queued;  /* on a run queue (runnable, running included) */
    bool is_up;      /* VCPUOP_up / not down */
    bool is_blocked; /* SCHEDOP_block or poll */
    bool is_parked;  /* runnable, but its domain has used up its cap */
    unsigned pauses; /* atomic count of reasons not to run */
    struct bvt_entity bvt;
    struct list queue;                        /* link in the run queue */
    struct heap_node by_actual, by_effective; /* in its heaps while it waits there */
    cpumask_t hard_affinity, soft_affinity;
    nsec_t dispatched_at; /* when it last got its CPU */
    struct timer poll_timer;
    bool is_polling; /* how it blocked last; changed by the vCPU itself only */
    struct sched_account account;
};

/* A waking domain may run 10 ms ahead of everybody (less among many), enough for a transaction of a
 * data base; then it rests from warping for 10 ms. W is how much more than its share a domain may
 * have had by now and still come first: who uses less than its share comes before who wakes often
 * and wants all it can get, as that one's A is ahead by W soon. So W is ten such runs. */
#define SCHED_DEFAULT_WARP (100 * NSEC_PER_MSEC)
#define SCHED_DEFAULT_WARP_LIMIT (10 * NSEC_PER_MSEC)
#define SCHED_DEFAULT_UNWARP (10 * NSEC_PER_MSEC)

struct sched_domain {
    unsigned weight;   /* 256 is the unit; of all its vCPUs together */
    unsigned runnable; /* atomic: its vCPUs on run queues */
    unsigned cap;      /* per cent of one CPU, 0: none */
    nsec_t cap_left;   /* of this period, may be below 0; atomic, schedule/cap.c */
    nsec_t cap_ends;   /* when this period does; atomic */
    struct timer cap_timer;
    nsec_t warp, warp_limit, unwarp;
};

#endif
