/*
 * A vCPU's alarm in virtual time. While the vCPU runs, virtual time runs as fast as real time, so
 * that the alarm is a timer on its CPU; while it does not, there is no timer.
 */
#include "domain/domain.h"
#include "event/event.h"
#include "interface/ringfort.h"
#include "time/time.h"
#include "x86/current.h"

void time_start_alarm(struct vcpu *v)
{
    const struct vcpu_runstate_info *r = &v->time.runstate;
    uint64_t left = v->time.alarm_at - r->time[RUNSTATE_running];

    if (v->time.alarm_at)
        timer_set(&v->time.alarm, (nsec_t)(r->state_entry_time + left));
}

void time_stop_alarm(struct vcpu *v)
{
    if (v->time.alarm_at)
        timer_stop(&v->time.alarm);
}

void time_set_alarm(uint64_t at)
{
    time_stop_alarm(current);
    current->time.alarm_at = at;
    time_start_alarm(current);
}

/* On the CPU that the vCPU runs on: what leaves a CPU takes its alarm with it. */
void vcpu_alarm_fired(struct vcpu *v)
{
    v->time.alarm_at = 0;
    event_send_vcpu_virq(v, RINGFORT_VIRQ_ALARM);
}
