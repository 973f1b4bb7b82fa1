/* sources: tools/domain0/trace_json.c tools/domain0/trace_sort.c */
/* From records to trace events: turns and states, waking, warps, hypercalls; and what becomes of
 * records whose partners were lost. Percentiles of waits. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tools/domain0/percentile.h"
#include "tools/domain0/trace_json.h"

#include "tools/domain0/names.h"

static char *text;

void json_string(FILE *out, const char *s)
{
    fprintf(out, "\"%s\"", s);
}

static char *name_of(unsigned domain)
{
    char *name = malloc(16);

    snprintf(name, 16, "dom%u", domain);
    return name;
}

/* The JSON of these records, in `text`. */
static void convert(struct ringfort_record *records, size_t count, uint64_t end_ns)
{
    struct trace_input in = {
        .records = records, .count = count, .cpus = 2, .end_ns = end_ns, .name_of = name_of};
    size_t size;
    FILE *out;

    free(text);
    out = open_memstream(&text, &size);
    CHECK_EQ(trace_sort(records, count), 0);
    CHECK_EQ(trace_write_json(out, &in), 0);
    fclose(out);
}

static bool has(const char *part)
{
    bool found = strstr(text, part) != NULL;

    if (!found)
        printf("not in the trace: %s\n%s\n", part, text);
    return found;
}

static unsigned count_of(const char *part)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Vcpu 0 of domain 1 runs, blocks, is woken by domain 2 on the other processor and runs again. */
static void test_turns(void)
{
    struct ringfort_record records[] = {
        {1000, RINGFORT_EVENT_DISPATCH, 1, 0, 0, {0, 0}},
        {6000, RINGFORT_EVENT_BLOCK, 1, 0, 0, {5000, 0}},
        {9001, RINGFORT_EVENT_DISPATCH, 1, 0, 0, {1001, 0}},
        {9500, RINGFORT_EVENT_HYPERCALL, 1, 0, 0, {UINT64_C(29) << 48 | 400, (uint64_t)-38}},
        {2000, RINGFORT_EVENT_DISPATCH, 2, 3, 1, {0, 0}},
        {8000, RINGFORT_EVENT_WAKE, 1, 0, 1, {0, 2 << 16 | 3}},
    };

    convert(records, 6, 11000);
    CHECK_EQ(records[5].time_ns, 9500);
    CHECK(has("\"pid\": 1, \"tid\": 1, \"ts\": 0.000, \"dur\": 5.000, \"cat\": \"dispatch\", "
              "\"name\": \"dom1 v0\""));
    CHECK(has("\"ended by\": \"blocking\""));
    CHECK(has("\"pid\": 1001, \"tid\": 1, \"ts\": 0.000, \"dur\": 5.000, \"cat\": \"state\", "
              "\"name\": \"running\""));
    CHECK(has("\"ts\": 5.000, \"dur\": 2.000, \"cat\": \"state\", \"name\": \"blocked\""));
    CHECK(has("\"ts\": 7.000, \"dur\": 1.001, \"cat\": \"state\", \"name\": \"runnable\""));
    CHECK(has("{\"ph\": \"s\", \"pid\": 1, \"tid\": 2, \"ts\": 7.000"));
    CHECK(has("{\"ph\": \"f\", \"pid\": 1, \"tid\": 1, \"ts\": 8.001"));
    /* What is open at the end is closed there. */
    CHECK(has("\"pid\": 1, \"tid\": 1, \"ts\": 8.001, \"dur\": 1.999"));
    CHECK(has("\"pid\": 1, \"tid\": 2, \"ts\": 1.000, \"dur\": 9.000"));
    CHECK(has("\"ts\": 8.100, \"dur\": 0.400, \"cat\": \"hypercall\", \"name\": \"sched_op\""));
    CHECK(has("\"number\": 29, \"result\": -38"));
    CHECK(has("Domain 1 (dom1)"));
    CHECK_EQ(count_of("process_name"), 3);
}

/* An interrupt's wake-up has no arrow, as nobody's turn was its origin. */
static void test_wake_when_idle(void)
{
    struct ringfort_record records[] = {
        {1000, RINGFORT_EVENT_WAKE, 1, 0, 1, {1, 0x7fffu << 16 | 1}},
        {1500, RINGFORT_EVENT_DISPATCH, 1, 0, 1, {500, 0}},
        {1600, RINGFORT_EVENT_INTERRUPT, 1, 0, 1, {0xf0, 0}},
    };

    convert(records, 3, 2000);
    CHECK_EQ(count_of("\"ph\": \"s\""), 0);
    CHECK_EQ(count_of("\"ph\": \"f\""), 0);
    CHECK(has("\"name\": \"wake\", \"s\": \"t\""));
    CHECK(has("vector 0xf0"));
}

static void test_warp(void)
{
    struct ringfort_record records[] = {
        {1000, RINGFORT_EVENT_DISPATCH, 1, 0, 0, {0, 0}},
        {3000, RINGFORT_EVENT_WARP_OFF, 1, 0, 0, {0, 0}},
        {4000, RINGFORT_EVENT_WARP_ON, 1, 0, 0, {0, 0}},
    };

    /* The first began before the trace, the second outlasts it. */
    convert(records, 3, 9000);
    CHECK(has("{\"ph\": \"b\", \"pid\": 1001, \"tid\": 1, \"ts\": 0.000"));
    CHECK(has("{\"ph\": \"e\", \"pid\": 1001, \"tid\": 1, \"ts\": 2.000"));
    CHECK(has("{\"ph\": \"b\", \"pid\": 1001, \"tid\": 1, \"ts\": 3.000"));
    CHECK(has("{\"ph\": \"e\", \"pid\": 1001, \"tid\": 1, \"ts\": 8.000"));
    CHECK_EQ(count_of("\"ph\": \"b\""), 2);
}

/* Ends of turns are missing; beginnings are; a hypercall began before its turn is known. */
static void test_losses(void)
{
    struct ringfort_record records[] = {
        {1000, RINGFORT_EVENT_HYPERCALL, 1, 0, 0, {500, 0}},
        {2000, RINGFORT_EVENT_DISPATCH, 1, 0, 0, {0, 0}},
        {2100, RINGFORT_EVENT_HYPERCALL, 1, 0, 0, {500, 0}},
        {3000, RINGFORT_EVENT_DISPATCH, 1, 1, 0, {0, 0}},
        {4000, RINGFORT_EVENT_DISPATCH, 1, 1, 1, {0, 0}},
        {5000, RINGFORT_EVENT_PREEMPT, 1, 0, 0, {0, 0}},
        {6000, 0xffff, 1, 0, 0, {0, 0}},
        {6000, RINGFORT_EVENT_WAKE, 1, 0, 0xffff, {0, 0}},
    };

    convert(records, 8, 0);
    CHECK_EQ(count_of("\"ended by\": \"unknown\""), 2);
    CHECK(has("\"tid\": 1, \"ts\": 1.000, \"dur\": 1.000, \"cat\": \"dispatch\""));
    CHECK(has("\"ts\": 1.000, \"dur\": 0.100, \"cat\": \"hypercall\""));
    CHECK_EQ(count_of("\"cat\": \"hypercall\""), 1);
    CHECK(has("\"tid\": 2, \"ts\": 3.000, \"dur\": 2.000, \"cat\": \"dispatch\""));
}

static void test_empty_and_sort(void)
{
    struct ringfort_record records[100] = {{0}};

    convert(records, 0, 0);
    CHECK(has("\"records\": 0"));
    for (unsigned n = 1; n <= 100; n++) {
        for (unsigned i = 0; i < n; i++)
            records[i] = (struct ringfort_record){.time_ns = i * 37 % 11, .args = {i}};
        CHECK_EQ(trace_sort(records, n), 0);
        for (unsigned i = 1; i < n; i++)
            CHECK(records[i - 1].time_ns < records[i].time_ns ||
                  (records[i - 1].time_ns == records[i].time_ns &&
                   records[i - 1].args[0] < records[i].args[0]));
    }
}

static void test_percentiles(void)
{
    uint32_t buckets[RINGFORT_LATENCY_BUCKETS] = {0};

    CHECK_EQ(latency_percentile(buckets, 99), 0);
    buckets[10] = 99;
    buckets[40] = 1;
    CHECK_EQ(latency_count(buckets), 100);
    CHECK_EQ(latency_percentile(buckets, 50), ringfort_latency_floor(11) - 1);
    CHECK_EQ(latency_percentile(buckets, 99), ringfort_latency_floor(11) - 1);
    CHECK_EQ(latency_percentile(buckets, 99.5), ringfort_latency_floor(41) - 1);
    CHECK_EQ(latency_percentile(buckets, 100), ringfort_latency_floor(41) - 1);
    memset(buckets, 0xff, sizeof(buckets));
    CHECK_EQ(latency_percentile(buckets, 100),
             ringfort_latency_floor(RINGFORT_LATENCY_BUCKETS) - 1);
    CHECK_EQ(latency_percentile(buckets, 50), ringfort_latency_floor(64) - 1);
}

int main(void)
{
    test_turns();
    test_wake_when_idle();
    test_warp();
    test_losses();
    test_empty_and_sort();
    test_percentiles();
    free(text);
    return check_report();
}
