/* Guest-visible clocks (SOSP'03 3.3.2): real time, virtual time (runstate), wall-clock time. */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include "lib/abi.h"

#include "lib/types.h"

struct vcpu;
struct vcpu_runstate_info;
struct domain;

/* Calibrates the TSC against PIT, HPET or PM timer and starts the clock. Boot CPU, interrupts off.
 */
void time_init(void);
/* Aligns and starts the clock of another CPU, which calls it while the boot CPU keeps calling
 * time_serve_handshake(). */
void time_init_cpu(void);
void time_serve_handshake(void);

/* Compares the other CPUs' clocks with this one's and reports. Where one is not in step guests are
 * told no longer that the TSC is stable: each vCPU when it is dispatched next. smp_call()'s rules.
 */
void time_check(void);
/* REMOTE_TELL_TIME: this CPU's real time to `answer`. */
void time_tell(nsec_t *answer);

/* Writes vcpu_time_info (version protocol) into the vCPU's vcpu_info. On dispatch and when
 * calibration changes. */
void time_update_vcpu(struct vcpu *v);
/* Copies time and runstate to the areas that the guest has registered; faults are ignored. Their
 * addresses are the guest kernel's: in user mode, where only its user root is loaded, this waits
 * for the next entry into kernel mode (toggle_mode). `current` only. */
void time_update_areas(struct vcpu *v);
/* Fills a domain's shared_info wall clock. Takes LOCK_DOMCTL. */
void time_update_wallclock(struct domain *d);
/* XENPF_settime: wall clock `sec`,`nsec` at real time `system_time`; updates every domain. */
void time_set_wallclock(uint64_t sec, uint32_t nsec, nsec_t system_time);

/* How far a domain's wall clock is ahead of the machine's (its time zone, a clock that it has set).
 */
void time_set_offset(struct domain *d, int64_t seconds);

/* Accounts the time since the last change and enters RUNSTATE_*; called by the scheduler. */
void runstate_change(struct vcpu *v, int state, nsec_t at);
/* A copy with time in the current state added. As runstate_change, under the run queue's lock. */
void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);

/* The alarm of `current` at virtual time `at` (ns that it has run, up to RINGFORT_ALARM_MAX_NS; 0:
 * none), which raises RINGFORT_VIRQ_ALARM. */
void time_set_alarm(uint64_t at);
/* The vCPU got this CPU, its runstate is changed already; it loses it. By the scheduler. */
void time_start_alarm(struct vcpu *v);
void time_stop_alarm(struct vcpu *v);

/* Parts of vcpu_create and domain_create: timers made, none armed. */
void time_init_vcpu(struct vcpu *v);
void time_init_domain(struct domain *d);
/* No timer of a vCPU, or of the domain itself, fires any more. Nothing of the domain runs. */
void time_destroy_vcpu(struct vcpu *v);
void time_destroy_domain(struct domain *d);

/* Timer kinds owned here, called by timer_fire(). */
void vcpu_singleshot_fired(struct vcpu *v);
void vcpu_periodic_fired(struct vcpu *v);
void vcpu_alarm_fired(struct vcpu *v);

/* The rate of the TSC, as measured at boot. */
uint64_t tsc_khz(void);
/* Busy-waits; boot code and hardware set-up. */
void udelay(unsigned usec);

#endif
