#include "trace_json.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/abi.h"

#include <xen/arch-x86/xen-mca.h>

#include "hypercall/list.h"
#include "names.h"

#define CPUS 256
#define CPU_PROCESS 1 /* the trace's "processes": one for all processors, one for each domain */
#define DOMAIN_PROCESS 1000
#define OP_MASK (UINT64_MAX >> 16)

enum state { UNKNOWN, RUNNING, RUNNABLE, BLOCKED, STOPPED };

static const char *const state_names[] = {"", "running", "runnable", "blocked", "stopped"};

struct vcpu {
    struct vcpu *next;
    unsigned domain, id;
    char *name; /* of the domain */
    enum state state;
    uint64_t since; /* in that state */
    unsigned cpu;   /* where it runs */
    bool warped, warp_known;
    uint64_t warped_at;
    bool woken; /* and not dispatched since */
    uint64_t woken_at;
    unsigned woken_on, waker; /* the CPU, and who ran there */
};

struct writer {
    FILE *out;
    const struct trace_input *in;
    uint64_t start;
    bool any; /* an event has been written */
    bool failed;
    unsigned flows;
    struct vcpu *vcpus;
    struct vcpu *on_cpu[CPUS];
};

static const char *hypercall_name(unsigned op)
{
    switch (op) {
#define NAME(name, nargs, widths, who)                                                             \
    case __HYPERVISOR_##name:                                                                      \
        return #name;
        HYPERCALL_LIST(NAME)
#undef NAME
    default:
        return "unknown hypercall";
    }
}

static unsigned whole(unsigned domain, unsigned vcpu)
{
    return domain << 16 | vcpu;
}

/* Begins an event; the caller adds what else it has and ends it. */
static void begin(struct writer *w, const char *phase, unsigned process, unsigned thread,
                  uint64_t at)
{
    uint64_t ns = at > w->start ? at - w->start : 0;

    fprintf(w->out, "%s{\"ph\": \"%s\", \"pid\": %u, \"tid\": %u, \"ts\": %llu.%03llu",
            w->any ? ",\n" : "\n", phase, process, thread, (unsigned long long)(ns / 1000),
            (unsigned long long)(ns % 1000));
    w->any = true;
}

static void name(struct writer *w, const char *category, const char *text)
{
    fprintf(w->out, ", \"cat\": \"%s\", \"name\": ", category);
    json_string(w->out, text);
}

static void end(struct writer *w)
{
    putc('}', w->out);
}

static void duration(struct writer *w, uint64_t from, uint64_t to)
{
    uint64_t ns = to > from ? to - from : 0;

    fprintf(w->out, ", \"dur\": %llu.%03llu", (unsigned long long)(ns / 1000),
            (unsigned long long)(ns % 1000));
}

static void describe(struct writer *w, const char *what, unsigned process, unsigned thread,
                     const char *text)
{
    begin(w, "M", process, thread, w->start);
    fprintf(w->out, ", \"name\": \"%s\", \"args\": {\"name\": ", what);
    json_string(w->out, text);
    fputs("}}", w->out);
}

/* The track of a vCPU, or of a processor. */
static unsigned track(unsigned number)
{
    return number + 1;
}

static unsigned process_of(const struct vcpu *v)
{
    return DOMAIN_PROCESS + v->domain;
}

static void announce(struct writer *w, const struct vcpu *v, bool first_of_domain)
{
    char text[128];

    if (first_of_domain) {
        snprintf(text, sizeof(text), "Domain %u (%.100s)", v->domain, v->name);
        describe(w, "process_name", process_of(v), 0, text);
    }
    snprintf(text, sizeof(text), "vCPU %u", v->id);
    describe(w, "thread_name", process_of(v), track(v->id), text);
}

/* The vCPU, made when it is seen first. NULL without memory. */
static struct vcpu *find(struct writer *w, unsigned domain, unsigned id)
{
    bool first = true;
    struct vcpu *v;

    for (v = w->vcpus; v; v = v->next) {
        if (v->domain == domain && v->id == id)
            return v;
        first = first && v->domain != domain;
    }
    v = calloc(1, sizeof(*v));
    if (!v) {
        w->failed = true;
        return NULL;
    }
    *v =
        (struct vcpu){.next = w->vcpus, .domain = domain, .id = id, .name = w->in->name_of(domain)};
    w->vcpus = v;
    announce(w, v, first);
    return v;
}

/* Names of domains may be long, and are shown on every slice. */
static void short_name(const struct vcpu *v, char *text, size_t size)
{
    snprintf(text, size, "%.40s v%u", v->name, v->id);
}

static void enter_state(struct writer *w, struct vcpu *v, enum state state, uint64_t at)
{
    if (v->state != UNKNOWN && at > v->since) {
        begin(w, "X", process_of(v), track(v->id), v->since);
        duration(w, v->since, at);
        name(w, "state", state_names[v->state]);
        if (v->state == RUNNING)
            fprintf(w->out, ", \"args\": {\"cpu\": %u}", v->cpu);
        end(w);
    }
    v->state = state;
    v->since = at;
}

/* The turn of whoever runs on a processor is over. */
static void end_turn(struct writer *w, unsigned cpu, enum state state, const char *why, uint64_t at)
{
    struct vcpu *v = w->on_cpu[cpu];
    char text[64];

    if (!v)
        return;
    short_name(v, text, sizeof(text));
    begin(w, "X", CPU_PROCESS, track(cpu), v->since);
    duration(w, v->since, at);
    name(w, "dispatch", text);
    fprintf(w->out, ", \"args\": {\"domain\": %u, \"vcpu\": %u, \"ended by\": \"%s\"}", v->domain,
            v->id, why);
    end(w);
    w->on_cpu[cpu] = NULL;
    enter_state(w, v, state, at);
}

/* An arrow from the waker's turn to that of the woken. */
static void draw_wake(struct writer *w, const struct vcpu *v, unsigned cpu, uint64_t at)
{
    w->flows++;
    begin(w, "s", CPU_PROCESS, track(v->woken_on), v->woken_at);
    name(w, "wake", "wake");
    fprintf(w->out, ", \"id\": %u", w->flows);
    end(w);
    begin(w, "f", CPU_PROCESS, track(cpu), at);
    name(w, "wake", "wake");
    fprintf(w->out, ", \"id\": %u, \"bp\": \"e\"", w->flows);
    end(w);
}

static void dispatch(struct writer *w, struct vcpu *v, const struct ringfort_record *r)
{
    if (w->on_cpu[r->cpu] == v)
        return;
    /* Where records were lost the end of the last turn may be among them. */
    end_turn(w, r->cpu, UNKNOWN, "unknown", r->time_ns);
    if (v->state == RUNNING && w->on_cpu[v->cpu] == v)
        end_turn(w, v->cpu, UNKNOWN, "unknown", r->time_ns);
    if (v->woken && v->waker != whole(DOMID_IDLE, v->woken_on))
        draw_wake(w, v, r->cpu, r->time_ns);
    v->woken = false;
    enter_state(w, v, RUNNING, r->time_ns);
    v->cpu = r->cpu;
    w->on_cpu[r->cpu] = v;
}

static void leave(struct writer *w, struct vcpu *v, const struct ringfort_record *r,
                  enum state state, const char *why)
{
    if (w->on_cpu[r->cpu] == v)
        end_turn(w, r->cpu, state, why, r->time_ns);
    else
        enter_state(w, v, state, r->time_ns);
}

static void instant(struct writer *w, unsigned process, unsigned thread,
                    const struct ringfort_record *r, const char *category, const char *text)
{
    begin(w, "i", process, thread, r->time_ns);
    name(w, category, text);
    fputs(", \"s\": \"t\"", w->out);
    end(w);
}

static void wake(struct writer *w, struct vcpu *v, const struct ringfort_record *r)
{
    enter_state(w, v, RUNNABLE, r->time_ns);
    instant(w, process_of(v), track(v->id), r, "wake", "wake");
    v->woken = true;
    v->woken_at = r->time_ns;
    v->woken_on = r->cpu;
    v->waker = (unsigned)r->args[1];
}

static void migrate(struct writer *w, const struct vcpu *v, const struct ringfort_record *r)
{
    char text[64];

    snprintf(text, sizeof(text), "CPU %u to %u", (unsigned)r->args[0], (unsigned)r->args[1]);
    instant(w, process_of(v), track(v->id), r, "migrate", text);
}

/* Shown on a track of its own, as a warp outlasts turns. */
static void end_warp(struct writer *w, struct vcpu *v, uint64_t at)
{
    const char *const phases[] = {"b", "e"};
    const uint64_t times[] = {v->warp_known ? v->warped_at : w->start, at};
    char text[64];

    snprintf(text, sizeof(text), "vCPU %u warps", v->id);
    for (unsigned i = 0; i < 2; i++) {
        begin(w, phases[i], process_of(v), track(v->id), times[i]);
        name(w, "warp", text);
        fprintf(w->out, ", \"id\": %u", whole(v->domain, v->id));
        end(w);
    }
    v->warped = false;
    v->warp_known = true;
}

static void begin_warp(struct vcpu *v, uint64_t at)
{
    v->warped = v->warp_known = true;
    v->warped_at = at;
}

/* Lies within the turn in which it was made, as nothing sleeps in Ringfort. */
static void hypercall(struct writer *w, const struct vcpu *v, const struct ringfort_record *r)
{
    uint64_t took = r->args[0] & OP_MASK;
    uint64_t from = r->time_ns > took ? r->time_ns - took : 0;

    if (v->state != RUNNING || r->time_ns < v->since)
        return;
    if (from < v->since)
        from = v->since;
    begin(w, "X", process_of(v), track(v->id), from);
    duration(w, from, r->time_ns);
    name(w, "hypercall", hypercall_name((unsigned)(r->args[0] >> 48)));
    fprintf(w->out, ", \"args\": {\"number\": %u, \"result\": %lld}", (unsigned)(r->args[0] >> 48),
            (long long)r->args[1]);
    end(w);
}

static void interrupt(struct writer *w, const struct ringfort_record *r)
{
    char text[32];

    snprintf(text, sizeof(text), "vector 0x%02x", (unsigned)r->args[0]);
    instant(w, CPU_PROCESS, track(r->cpu), r, "interrupt", text);
}

static void domain_event(struct writer *w, const struct ringfort_record *r, const char *what)
{
    char text[48];

    snprintf(text, sizeof(text), "domain %u %s", (unsigned)r->args[0], what);
    instant(w, CPU_PROCESS, track(r->cpu), r, "domain", text);
}

static void vcpu_event(struct writer *w, struct vcpu *v, const struct ringfort_record *r)
{
    switch (r->event) {
    case RINGFORT_EVENT_WAKE:
        wake(w, v, r);
        break;
    case RINGFORT_EVENT_DISPATCH:
        dispatch(w, v, r);
        break;
    case RINGFORT_EVENT_PREEMPT:
        leave(w, v, r, RUNNABLE, "preemption");
        break;
    case RINGFORT_EVENT_BLOCK:
        leave(w, v, r, BLOCKED, "blocking");
        break;
    case RINGFORT_EVENT_STOP:
        leave(w, v, r, STOPPED, "being stopped");
        break;
    case RINGFORT_EVENT_MIGRATE:
        migrate(w, v, r);
        break;
    case RINGFORT_EVENT_WARP_ON:
        begin_warp(v, r->time_ns);
        break;
    case RINGFORT_EVENT_WARP_OFF:
        end_warp(w, v, r->time_ns);
        break;
    case RINGFORT_EVENT_HYPERCALL:
        hypercall(w, v, r);
        break;
    default:
        break;
    }
}

static void event(struct writer *w, const struct ringfort_record *r)
{
    struct vcpu *v;

    switch (r->event) {
    case RINGFORT_EVENT_INTERRUPT:
        interrupt(w, r);
        break;
    case RINGFORT_EVENT_DOMAIN_CREATE:
        domain_event(w, r, "is created");
        break;
    case RINGFORT_EVENT_DOMAIN_DIE:
        domain_event(w, r, "has died");
        break;
    default:
        v = find(w, r->domain, r->vcpu);
        if (v)
            vcpu_event(w, v, r);
    }
}

/* What is still open when recording stops ends there. */
static void close_all(struct writer *w, uint64_t at)
{
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        end_turn(w, cpu, UNKNOWN, "the trace's end", at);
    for (struct vcpu *v = w->vcpus, *next; v; v = next) {
        next = v->next;
        enter_state(w, v, UNKNOWN, at);
        if (v->warped)
            end_warp(w, v, at);
        free(v->name);
        free(v);
    }
}

int trace_write_json(FILE *out, const struct trace_input *in)
{
    struct writer w = {.out = out, .in = in, .start = in->count ? in->records[0].time_ns : 0};
    uint64_t last = in->count ? in->records[in->count - 1].time_ns : 0;

    fputs("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [", out);
    describe(&w, "process_name", CPU_PROCESS, 0, "Processors");
    for (unsigned cpu = 0; cpu < in->cpus; cpu++) {
        char text[32];

        snprintf(text, sizeof(text), "CPU %u", cpu);
        describe(&w, "thread_name", CPU_PROCESS, track(cpu), text);
    }
    for (size_t i = 0; i < in->count && !w.failed; i++)
        if (in->records[i].cpu < CPUS)
            event(&w, &in->records[i]);
    close_all(&w, in->end_ns > last ? in->end_ns : last);
    fprintf(out, "\n], \"otherData\": {\"start_ns\": %llu, \"records\": %zu, \"lost\": %llu}}\n",
            (unsigned long long)w.start, in->count, (unsigned long long)in->lost);
    return w.failed ? -1 : 0;
}
