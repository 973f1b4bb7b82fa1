/* A vCPU's clocks and timers: the time record guests read without a trap, runstate, and timers. */
#include "domain/domain.h"
#include "event/event.h"
#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "time/clock.h"
#include "time/time.h"
#include "x86/cpuid.h"

/* Fills one record by the version protocol: odd while it is being written. */
static void fill_record(struct vcpu_time_info *t, const struct vcpu_time_info *from)
{
    uint32_t version = (READ_ONCE(t->version) | 1);

    WRITE_ONCE(t->version, version);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    t->tsc_timestamp = from->tsc_timestamp;
    t->system_time = from->system_time;
    t->tsc_to_system_mul = from->tsc_to_system_mul;
    t->tsc_shift = from->tsc_shift;
    t->flags = from->flags;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    WRITE_ONCE(t->version, version + 1);
}

void time_update_vcpu(struct vcpu *v)
{
    struct clock_stamp stamp = clock_stamp();
    struct tsc_scale scale = clock_scale();
    struct vcpu_time_info t = {
        .tsc_timestamp = stamp.tsc,
        .system_time = (uint64_t)stamp.time,
        .tsc_to_system_mul = scale.mul,
        .tsc_shift = scale.shift,
        .flags = cpu_features.stable_tsc ? XEN_PVCLOCK_TSC_STABLE_BIT : 0,
    };
    struct vcpu_time_info *shown = &v->event.info->time;

    /* The stamp differs between CPUs only, so a vCPU that stays on one is not written again. */
    if (shown->tsc_timestamp != t.tsc_timestamp || shown->system_time != t.system_time ||
        shown->tsc_to_system_mul != t.tsc_to_system_mul || shown->flags != t.flags)
        fill_record(shown, &t);
}

void runstate_change(struct vcpu *v, int state, nsec_t at)
{
    struct vcpu_runstate_info *r = &v->time.runstate;
    nsec_t spent = at - (nsec_t)r->state_entry_time;

    if (spent > 0)
        r->time[r->state] += (uint64_t)spent;
    r->state = state;
    r->state_entry_time = (uint64_t)at;
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
    nsec_t at = now();

    *out = v->time.runstate;
    if (at > (nsec_t)out->state_entry_time)
        out->time[out->state] += (uint64_t)at - out->state_entry_time;
}

/* With the guest's consent (vm_assist) the top bit of state_entry_time tells a reader that the
 * record is being written. The area may be unmapped at the moment; that is the guest's loss. */
static void update_runstate_area(struct vcpu *v)
{
    uint64_t area = v->time.runstate_area;
    struct vcpu_runstate_info r = v->time.runstate;
    uint64_t entry = r.state_entry_time;
    uint64_t entry_at = area + guest_offsetof(vcpu_runstate_info, state_entry_time);

    if (!area)
        return;
    if (v->domain->vm_assist & (1UL << VMASST_TYPE_runstate_update_flag)) {
        r.state_entry_time |= XEN_RUNSTATE_UPDATE;
        if (!copy_to_guest(entry_at, &r.state_entry_time, sizeof(entry)))
            return;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        struct_to_guest(area, &r, vcpu_runstate_info);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        copy_to_guest(entry_at, &entry, sizeof(entry));
    } else {
        struct_to_guest(area, &r, vcpu_runstate_info);
    }
}

void time_update_areas(struct vcpu *v)
{
    v->time.areas_due = !v->arch.in_kernel && !v->domain->is_compat;
    if (v->time.areas_due)
        return;
    if (v->time.time_area)
        copy_to_guest(v->time.time_area, &v->event.info->time, sizeof(v->event.info->time));
    update_runstate_area(v);
}

void vcpu_singleshot_fired(struct vcpu *v)
{
    event_send_vcpu_virq(v, VIRQ_TIMER);
}

void vcpu_periodic_fired(struct vcpu *v)
{
    nsec_t period = READ_ONCE(v->time.period), t = now();

    if (!period)
        return;
    event_send_vcpu_virq(v, VIRQ_TIMER);
    timer_set(&v->time.periodic, t + period);
}

void time_init_vcpu(struct vcpu *v)
{
    timer_init(&v->time.singleshot, TIMER_VCPU_SINGLESHOT, v, v->sched.cpu);
    timer_init(&v->time.periodic, TIMER_VCPU_PERIODIC, v, v->sched.cpu);
    timer_init(&v->time.alarm, TIMER_VCPU_ALARM, v, v->sched.cpu);
    v->time.runstate.state = v->is_idle ? RUNSTATE_running : RUNSTATE_offline;
    v->time.runstate.state_entry_time = (uint64_t)now();
}

void time_destroy_vcpu(struct vcpu *v)
{
    v->time.period = 0;
    timer_kill(&v->time.singleshot);
    timer_kill(&v->time.periodic);
    timer_kill(&v->time.alarm);
}

void time_init_domain(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->time.watchdog); i++)
        timer_init(&d->time.watchdog[i], TIMER_DOMAIN_WATCHDOG, d, 0);
}

void time_destroy_domain(struct domain *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->time.watchdog); i++)
        timer_kill(&d->time.watchdog[i]);
}
