/* See sched_sim.h. */
#include "sched_sim.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "control/console.h"
#include "control/trace.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "schedule/runqueue.h"
#include "schedule/work.h"
#include "time/time.h"
#include "x86/bounce.h"
#include "x86/irq.h"
#include "x86/smp.h"

struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;
cpumask_t cpus_online;
unsigned cpu_count;
struct options options;

nsec_t sim_clock, sim_switch_cost;
unsigned long sim_switches, sim_timer_interrupts, sim_moves;

static struct sim_cpu {
    struct vcpu *vcpu;
    nsec_t timer_at;     /* INT64_MAX: not armed */
    nsec_t switching_to; /* no guest gets on before */
    struct sim_vcpu idle;
} cpus[SIM_CPUS];

static struct {
    struct domain d;
    struct vcpu *table[SIM_VCPUS];
    struct sim_vcpu *vcpus;
    bool used;
} domains[SIM_DOMAINS];
static struct domain idle_domain;
static jmp_buf back;

nsec_t now(void)
{
    return sim_clock;
}

void lapic_timer_arm(nsec_t delta)
{
    cpus[host_cpu].timer_at = delta ? sim_clock + MAX(delta, 0) : INT64_MAX;
}

void lapic_send_ipi(unsigned cpu, uint8_t vector)
{
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
    host_current = next;
    cpus[host_cpu].vcpu = next;
    if (!next->is_idle) {
        sim_switches++;
        cpus[host_cpu].switching_to = sim_clock + sim_switch_cost;
    }
}

void resume_current(void)
{
    longjmp(back, 1);
}

void log_at(enum log_level level, const char *fmt, ...)
{
}

uint32_t trace_classes;

void trace_record(enum ringfort_event event, const struct vcpu *about, uint64_t arg0, uint64_t arg1)
{
}

void domain_reap(void)
{
}

void console_work(void)
{
}

void console_interrupt(void)
{
}

void domain_shutdown(struct domain *d, int code)
{
}

void vcpu_periodic_fired(struct vcpu *v)
{
}

void time_update_vcpu(struct vcpu *v)
{
}

void time_update_areas(struct vcpu *v)
{
}

void time_start_alarm(struct vcpu *v)
{
}

void time_stop_alarm(struct vcpu *v)
{
}

void vcpu_alarm_fired(struct vcpu *v)
{
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
}

bool bounce_nmi_due(const struct vcpu *v)
{
    return false;
}

void vcpu_singleshot_fired(struct vcpu *v)
{
    vcpu_unblock(v);
}

void runstate_change(struct vcpu *v, int state, nsec_t at)
{
    struct sim_vcpu *s = container_of(v, struct sim_vcpu, v);
    int old = v->time.runstate.state;

    v->time.runstate.state = state;
    if (state == RUNSTATE_runnable && old != RUNSTATE_running)
        s->woke_at = at;
    if (state == RUNSTATE_running && s->woke_at >= 0) {
        if (s->latencies < s->latency_max)
            s->latency[s->latencies++] = at - s->woke_at;
        s->woke_at = -1;
    }
}

static void stop_timers(void)
{
    for (unsigned i = 0; i < SIM_DOMAINS; i++)
        if (domains[i].used)
            sim_destroy(&domains[i].d);
    for (unsigned i = 0; i < cpu_count; i++)
        timer_stop(&runqueue_of(i)->slice);
}

void sim_reset(unsigned count, nsec_t at)
{
    stop_timers();
    sim_clock = at;
    sim_switch_cost = 0;
    sim_switches = sim_timer_interrupts = sim_moves = 0;
    cpu_count = count;
    cpus_online = (cpumask_t){{(UINT64_C(1) << count) - 1}};
    options.bvt_context_switch = 5 * NSEC_PER_MSEC;
    idle_domain = (struct domain){.is_idle = true};
    memset(work_words, 0, sizeof(*work_words) * SIM_CPUS);
    for (unsigned i = 0; i < count; i++) {
        struct vcpu *v = &cpus[i].idle.v;

        host_cpu = i;
        cpus[i] = (struct sim_cpu){.vcpu = v, .timer_at = INT64_MAX};
        *v = (struct vcpu){.domain = &idle_domain, .id = i, .is_idle = true};
        memset(runqueue_of(i), 0, sizeof(struct runqueue));
        timer_init_cpu();
        sched_init_vcpu(v);
    }
    host_cpu = 0;
    host_current = cpus[0].vcpu;
}

struct domain *sim_domain(unsigned vcpus, unsigned weight, unsigned cap)
{
    unsigned id = 0;
    struct domain *d;

    while (domains[id].used)
        id++;
    d = &domains[id].d;
    *d = (struct domain){.id = (domid_t)id, .max_vcpus = vcpus, .vcpus = domains[id].table};
    domains[id].used = true;
    domains[id].vcpus = calloc(vcpus, sizeof(struct sim_vcpu));
    memset(domains[id].table, 0, sizeof(domains[id].table));
    sched_init_domain(d);
    d->sched.warp = 0;
    for (unsigned i = 0; i < vcpus; i++) {
        struct sim_vcpu *s = &domains[id].vcpus[i];

        s->v.domain = d;
        s->v.id = i;
        s->v.event.info = &s->info;
        s->woke_at = -1;
        s->left = INT64_MAX;
        s->v.time.runstate.state = RUNSTATE_offline;
        sched_init_vcpu(&s->v);
        timer_init(&s->v.time.singleshot, TIMER_VCPU_SINGLESHOT, &s->v, s->v.sched.cpu);
        timer_init(&s->v.time.periodic, TIMER_VCPU_PERIODIC, &s->v, s->v.sched.cpu);
        timer_init(&s->v.time.alarm, TIMER_VCPU_ALARM, &s->v, s->v.sched.cpu);
        d->vcpus[i] = &s->v;
    }
    sched_set_domain(d, weight, cap);
    return d;
}

struct domain *sim_domain_of(unsigned id)
{
    return &domains[id].d;
}

struct sim_vcpu *sim_vcpu(struct domain *d, unsigned vcpu)
{
    return &domains[d->id].vcpus[vcpu];
}

void sim_start(struct domain *d, nsec_t burst, nsec_t sleep)
{
    for (unsigned i = 0; i < d->max_vcpus; i++) {
        struct sim_vcpu *s = sim_vcpu(d, i);

        s->burst = burst;
        s->left = burst ? burst : INT64_MAX;
        s->sleep = sleep;
        vcpu_set_up(&s->v, true);
    }
}

nsec_t sim_done(struct domain *d)
{
    nsec_t sum = 0;

    for (unsigned i = 0; i < d->max_vcpus; i++)
        sum += sim_vcpu(d, i)->done;
    return sum;
}

/* Does one CPU's pending work as its way back to the guest would. */
static void do_work(unsigned cpu)
{
    host_cpu = cpu;
    host_current = cpus[cpu].vcpu;
    if (!setjmp(back))
        work_run();
}

static bool do_all_work(void)
{
    bool any = false;

    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (work_words[cpu].bits && cpus[cpu].switching_to <= sim_clock) {
            do_work(cpu);
            any = true;
        }
    return any;
}

void sim_destroy(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        vcpu_set_up(v, false);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (cpus[cpu].vcpu->domain == d)
            do_work(cpu);
    for_each_vcpu (d, v) {
        timer_kill(&v->time.singleshot);
        sched_destroy_vcpu(v);
    }
    sched_destroy_domain(d);
    free(domains[d->id].vcpus);
    domains[d->id].used = false;
}

void sim_yield(unsigned cpu)
{
    host_cpu = cpu;
    host_current = cpus[cpu].vcpu;
    if (!host_current->is_idle)
        sched_yield();
}

void sim_block(unsigned cpu)
{
    host_cpu = cpu;
    host_current = cpus[cpu].vcpu;
    if (!host_current->is_idle)
        vcpu_block();
}

void sim_set_allowance(nsec_t allowance)
{
    options.bvt_context_switch = allowance;
}

/* The guest on `cpu` has done its burst. */
static void sleep_now(unsigned cpu)
{
    struct sim_vcpu *s = container_of(cpus[cpu].vcpu, struct sim_vcpu, v);

    sim_block(cpu);
    s->left = s->burst;
    timer_set(&s->v.time.singleshot, sim_clock + s->sleep);
}

static nsec_t next_event(nsec_t until)
{
    nsec_t at = until;

    for (unsigned i = 0; i < cpu_count; i++) {
        struct sim_cpu *c = &cpus[i];
        struct sim_vcpu *s = container_of(c->vcpu, struct sim_vcpu, v);
        nsec_t from = MAX(sim_clock, c->switching_to);

        if (work_words[i].bits)
            at = MIN(at, from);
        at = MIN(at, MAX(c->timer_at, sim_clock));
        if (!c->vcpu->is_idle && s->left != INT64_MAX)
            at = MIN(at, from + s->left);
    }
    return at;
}

static void advance(nsec_t to)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        struct sim_vcpu *s = container_of(cpus[i].vcpu, struct sim_vcpu, v);
        nsec_t useful = MAX(0, to - MAX(sim_clock, cpus[i].switching_to));

        if (cpus[i].vcpu->is_idle)
            continue;
        s->got += to - sim_clock;
        s->done += useful;
        if (s->left != INT64_MAX)
            s->left -= useful;
    }
    sim_clock = to;
}

void sim_run(nsec_t t)
{
    nsec_t until = sim_clock + t;

    for (;;) {
        while (do_all_work())
            ;
        if (sim_clock == until)
            return;
        advance(next_event(until));
        for (unsigned i = 0; i < cpu_count; i++) {
            struct sim_cpu *c = &cpus[i];

            host_cpu = i;
            if (c->timer_at <= sim_clock) {
                c->timer_at = INT64_MAX;
                sim_timer_interrupts++;
                timer_interrupt();
            }
            if (!c->vcpu->is_idle && container_of(c->vcpu, struct sim_vcpu, v)->left <= 0 &&
                !c->vcpu->sched.is_blocked)
                sleep_now(i);
        }
    }
}

static void check_vcpu(struct vcpu *v)
{
    const struct sched_vcpu *s = &v->sched;
    const struct runqueue *rq = runqueue_of(s->cpu);
    bool listed = false;
    const struct vcpu *other;

    list_for_each (other, &rq->runnable, sched.queue)
        listed |= other == v;
    if (listed != s->is_queued)
        panic("d%uv%u: on the list and not, or not and yes", v->domain->id, v->id);
    if (s->is_running != (rq->running == v))
        panic("d%uv%u: runs and does not", v->domain->id, v->id);
    if (work_words[s->cpu].bits)
        return;
    if (vcpu_runnable(v) != (s->is_queued || s->is_parked))
        panic("d%uv%u: runnable %d, queued %d, parked %d", v->domain->id, v->id, vcpu_runnable(v),
              s->is_queued, s->is_parked);
    if (s->is_queued && !bit_test(s->hard_affinity.bits, s->cpu))
        panic("d%uv%u: where it may not be", v->domain->id, v->id);
    if (s->is_parked && !timer_armed(&v->domain->sched.cap_timer))
        panic("d%uv%u: parked for ever", v->domain->id, v->id);
}

/* Who waits is in both heaps, and nobody waits with less than the first of them. */
static void check_heaps(const struct runqueue *rq)
{
    const struct heap_node *a = heap_first(&rq->by_actual), *e = heap_first(&rq->by_effective);
    const struct vcpu *v;

    list_for_each (v, &rq->runnable, sched.queue) {
        const struct sched_vcpu *s = &v->sched;
        bool waits = v != rq->running;

        if (waits != heap_contains(&s->by_actual) || waits != heap_contains(&s->by_effective))
            panic("d%uv%u: waits and does not", v->domain->id, v->id);
        if (waits && ((uint64_t)s->by_actual.key != s->bvt.avt ||
                      (uint64_t)s->by_effective.key != bvt_effective(&s->bvt)))
            panic("d%uv%u: in the wrong place", v->domain->id, v->id);
        if (waits && (bvt_before(s->bvt.avt, (uint64_t)a->key) ||
                      bvt_before(bvt_effective(&s->bvt), (uint64_t)e->key)))
            panic("d%uv%u: before the first", v->domain->id, v->id);
    }
}

static void check_queue(unsigned cpu)
{
    struct runqueue *rq = runqueue_of(cpu);
    unsigned count = 0, other;
    struct vcpu *v;

    list_for_each (v, &rq->runnable, sched.queue)
        count++;
    if (count != rq->count)
        panic("CPU%u: %u on the list, %u counted", cpu, count, rq->count);
    if (cpus[cpu].vcpu != rq->running)
        panic("CPU%u: runs another", cpu);
    check_heaps(rq);
    if (work_words[cpu].bits)
        return;
    if (rq->running->is_idle && rq->count)
        panic("CPU%u: idles with work", cpu);
    if (rq->count > 1 && !timer_armed(&rq->slice))
        panic("CPU%u: nobody ends the slice", cpu);
    if (rq->count)
        return;
    for (other = 0; other < cpu_count; other++)
        if (!work_words[other].bits && runqueue_waiting(runqueue_of(other), cpu, false))
            panic("CPU%u idles and CPU%u has one too many", cpu, other);
}

void sim_check(void)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        check_queue(cpu);
    for (unsigned id = 0; id < SIM_DOMAINS; id++) {
        unsigned runnable = 0;

        for (unsigned i = 0; domains[id].used && i < domains[id].d.max_vcpus; i++) {
            check_vcpu(domains[id].table[i]);
            runnable += domains[id].table[i]->sched.is_queued;
        }
        if (domains[id].used && runnable != domains[id].d.sched.runnable)
            panic("d%u: %u runnable, %u counted", id, runnable, domains[id].d.sched.runnable);
    }
}
