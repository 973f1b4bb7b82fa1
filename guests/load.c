/*
 * A domain that works, or sleeps and notes how late it is woken: bench/domains/run starts many and
 * reads what they print. Command line: ROLE INDEX AT LENGTH PLAN. Role is "busy" or "sleeper". The
 * plan is a list of phases like l16,t4: each says how many busy domains work (those with a lower
 * index) for LENGTH seconds. Phase k begins at the wall clock's second AT + 2 * LENGTH * k. In "l"
 * phases the sleeper measures, and so does the first busy domain, which asks itself for an answer
 * at any moment; in others nothing but work is done. (At 64 bits only: its figures are for
 * comparing hypervisors and schedulers, not widths.)
 */
#include "guest.h"

#include "bench/domains/work.h"

#define PHASES 32
#define SAMPLES 4096

struct phase {
    char kind;
    unsigned busy;
    uint64_t work; /* units done */
    unsigned count;
    uint64_t p50, p90, p99, max; /* ns late */
};

static struct phase phases[PHASES];
static unsigned phase_count;
static bool is_busy;
static unsigned index_;
static uint64_t at, length; /* ns of the wall clock; ns */

static uint64_t samples[SAMPLES];
static unsigned sample_count;
static volatile uint64_t deadline;
static volatile bool came;

static uint64_t seed = 88172645463325252;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static uint64_t number(const char **line)
{
    uint64_t value = 0;

    while (**line == ' ')
        ++*line;
    for (; **line >= '0' && **line <= '9'; ++*line)
        value = value * 10 + (uint64_t)(**line - '0');
    return value;
}

static void read_plan(const char *line)
{
    is_busy = *line == 'b';
    while (*line && *line != ' ')
        line++;
    index_ = (unsigned)number(&line);
    at = number(&line) * SECOND;
    length = number(&line) * SECOND;
    while (*line == ' ')
        line++;
    while (*line && phase_count < PHASES) {
        struct phase *p = &phases[phase_count++];

        p->kind = *line++;
        p->busy = (unsigned)number(&line);
        if (*line == ',')
            line++;
    }
}

/* Before anything else happens after the event's arrival. */
static bool on_event(struct trap_frame *frame)
{
    uint64_t late = now();

    (void)frame;
    if (deadline && late >= deadline) {
        if (sample_count < SAMPLES)
            samples[sample_count++] = late - deadline;
        deadline = 0;
        came = true;
    }
    return false;
}

static void set_deadline(void)
{
    came = false;
    deadline = now() + 20 * MILLISECOND + any() % (40 * MILLISECOND);
    set_timer_op(deadline);
}

static void work_until(uint64_t end, struct phase *p, bool asks)
{
    if (asks)
        set_deadline();
    while (now() < end) {
        work_unit();
        if (now() <= end)
            p->work++;
        if (asks && came)
            set_deadline();
    }
}

static void sleep_until_each(uint64_t end)
{
    while (now() < end) {
        set_deadline();
        event_disable();
        while (!came) {
            sched_op(SCHEDOP_block, NULL);
            event_disable();
        }
        event_enable();
        work_unit();
    }
}

static void summarize(struct phase *p)
{
    for (unsigned i = 1; i < sample_count; i++) {
        uint64_t sample = samples[i];
        unsigned j = i;

        for (; j && samples[j - 1] > sample; j--)
            samples[j] = samples[j - 1];
        samples[j] = sample;
    }
    p->count = sample_count;
    if (sample_count) {
        p->p50 = samples[sample_count / 2];
        p->p90 = samples[sample_count * 90 / 100];
        p->p99 = samples[sample_count * 99 / 100];
        p->max = samples[sample_count - 1];
    }
    sample_count = 0;
}

static void sleep_until(uint64_t when)
{
    while (now() < when)
        sleep_for(when - now());
}

void test(void)
{
    uint64_t begin;

    read_plan((const char *)start_info->cmd_line);
    begin = at - (shared_info->wc_sec * SECOND + shared_info->wc_nsec);
    seed += index_;
    REQUIRE(event_bind_virq(VIRQ_TIMER, 0) > 0);
    trap_hook(ENTRY_EVENT, on_event);
    event_enable();
    for (unsigned k = 0; k < phase_count; k++) {
        struct phase *p = &phases[k];
        uint64_t start = begin + 2 * length * k;

        sleep_until(start);
        if (is_busy && index_ < p->busy)
            work_until(start + length, p, p->kind == 'l' && !index_);
        else if (!is_busy && p->kind == 'l')
            sleep_until_each(start + length);
        deadline = 0;
        summarize(p);
    }
    sleep_until(begin + 2 * length * phase_count + index_ * 100 * MILLISECOND);
    for (unsigned k = 0; k < phase_count; k++)
        print("load %s %u phase %u work %lu samples %u p50 %lu p90 %lu p99 %lu max %lu\n",
              is_busy ? "busy" : "sleeper", index_, k, phases[k].work, phases[k].count,
              phases[k].p50, phases[k].p90, phases[k].p99, phases[k].max);
    console_flush();
    for (;;)
        sleep_for(1000 * SECOND);
}
