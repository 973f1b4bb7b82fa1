/*
 * Caps: no more processor time for a domain than so many per cent of one CPU, however idle the
 * machine is.
 *
 * A domain may use cap per cent of each period of 10 ms, all its vCPUs together. When that is used
 * up they are parked: off their queues until the period ends. What several of them used beyond it
 * before they noticed is taken from the next period, so that the long run is exact; what was not
 * used is kept for a few periods. A domain without a cap pays one test.
 */
#ifndef SCHEDULE_CAP_H
#define SCHEDULE_CAP_H

#include "lib/types.h"

struct domain;
struct vcpu;

#define CAP_PERIOD (10 * NSEC_PER_MSEC)

/* Takes `ran` ns, used up to real time `at`, from the domain's budget. Any context. */
void cap_charge(struct domain *d, nsec_t ran, nsec_t at);
/* True when the domain may not run before its period ends. Any context. */
bool cap_spent(struct domain *d, nsec_t at);
/* Shortens a slice to what a running vCPU of the domain may use before somebody should look again.
 */
nsec_t cap_slice(const struct domain *d, nsec_t slice);
/* Notes that `v`, on no queue, waits for its domain's next period. Its queue's lock held. */
void cap_park(struct vcpu *v);
/* The domain's timer: a period with somebody parked has ended. No lock held. */
void cap_timer_fired(struct domain *d);
/* A new cap, in per cent of one CPU, 0: none. The vCPUs are told by the caller. */
void cap_set(struct domain *d, unsigned percent);

#endif
