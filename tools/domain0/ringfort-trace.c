/* ringfort-trace: records who runs when; see ringfort-trace(8). */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "names.h"
#include "trace_json.h"

#define CPUS 256
#define CHUNK 4096u           /* records a call brings */
#define INTERVAL_NS 20000000L /* between two looks at the rings */
#define DEFAULT_RECORDS 16384u

const char *program = "ringfort-trace";

static const char usage[] =
    "usage: ringfort-trace record SECONDS FILE [--classes LIST] [--buffer RECORDS]\n"
    "       ringfort-trace stop\n"
    "\n"
    "Records what Ringfort's processors do and writes FILE in the trace-event format, for "
    "Perfetto\n"
    "(https://ui.perfetto.dev) or chrome://tracing. Ctrl-C ends the recording early.\n"
    "  --classes LIST    of sched, hypercall, interrupt, domain (all)\n"
    "  --buffer RECORDS  of each processor: a power of two, 64 to 65536 (16384)\n"
    "stop ends a recording whose program was killed.\n";

static const char *const class_names[] = {"sched", "hypercall", "interrupt", "domain"};

static struct {
    struct ringfort_record *records;
    size_t count, room;
    uint64_t lost;
    uint64_t cursors[CPUS];
} trace;

static struct ringfort_record *buffer; /* CHUNK records that the hypervisor writes to */
static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
    (void)signal;
    interrupted = 1;
}

static struct ringfort_trace control(bool set, uint32_t classes, uint32_t records)
{
    struct ringfort_trace t = {.set = set, .classes = classes, .records = records};
    int error = ringfort_op(RINGFORT_OP_trace, &t, sizeof(t));

    if (error)
        die(error, "cannot %s the trace", set ? "set" : "read the state of");
    return t;
}

static void keep(const struct ringfort_record *records, size_t count)
{
    if (trace.count + count > trace.room) {
        trace.room = 2 * trace.room + CHUNK;
        trace.records = realloc(trace.records, trace.room * sizeof(*records));
        if (!trace.records) {
            control(true, 0, 0);
            die(ENOMEM, "the trace is too large");
        }
    }
    memcpy(trace.records + trace.count, records, count * sizeof(*records));
    trace.count += count;
}

/* All that one processor has. The number of calls is limited: it may be that it writes as fast as
 * this program reads. */
static void read_cpu(unsigned cpu)
{
    struct ringfort_trace_read r = {.cpu = cpu, .cursor = trace.cursors[cpu]};

    for (unsigned calls = 0; calls < 2 * RINGFORT_TRACE_RECORDS_MAX / CHUNK; calls++) {
        int error;

        r.buffer = (uint64_t)(uintptr_t)buffer;
        r.count = CHUNK;
        error = ringfort_op(RINGFORT_OP_trace_read, &r, sizeof(r));
        if (error)
            die(error, "cannot read the trace of processor %u", cpu);
        trace.lost += r.lost;
        keep(buffer, r.count);
        if (!r.count)
            break;
    }
    trace.cursors[cpu] = r.cursor;
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void record(double seconds, FILE *out, const char *path, uint32_t classes, uint32_t records)
{
    const struct timespec interval = {.tv_nsec = INTERVAL_NS};
    struct trace_input in = {.name_of = domain_name};
    double until = seconds_now() + seconds;
    struct ringfort_trace t;

    if (control(false, 0, 0).records)
        die(0, "somebody records already (or was killed: then 'ringfort-trace stop')");
    buffer = ringfort_buffer(CHUNK * sizeof(*buffer));
    t = control(true, classes, records);
    while (!interrupted && seconds_now() < until) {
        nanosleep(&interval, NULL);
        for (unsigned cpu = 0; cpu < t.cpus; cpu++)
            read_cpu(cpu);
    }
    t = control(true, 0, records);
    for (unsigned cpu = 0; cpu < t.cpus; cpu++)
        read_cpu(cpu);
    control(true, 0, 0);

    in.records = trace.records;
    in.count = trace.count;
    in.cpus = t.cpus;
    in.end_ns = t.now_ns;
    in.lost = trace.lost;
    if (trace_sort(trace.records, trace.count) || trace_write_json(out, &in))
        die(ENOMEM, "cannot write %s", path);
    if (fclose(out))
        die(errno, "cannot write %s", path);
    fprintf(stderr, "%s: %zu records in %s\n", program, trace.count, path);
    if (trace.lost)
        fprintf(stderr, "%s: %llu records were lost: try --buffer or fewer --classes\n", program,
                (unsigned long long)trace.lost);
}

static void __attribute__((noreturn)) bad_usage(const char *what, const char *text)
{
    if (what)
        fprintf(stderr, "%s: %s '%s'\n", program, what, text);
    fputs(usage, stderr);
    exit(EXIT_USAGE);
}

static uint32_t parse_classes(char *list)
{
    uint32_t classes = 0;

    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        unsigned i = 0;

        while (i < 4 && strcmp(word, class_names[i]) != 0)
            i++;
        if (i == 4)
            bad_usage("there are no events of class", word);
        classes |= 1u << i;
    }
    if (!classes)
        bad_usage("no classes in", list);
    return classes;
}

static uint32_t parse_buffer(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*end || n < RINGFORT_TRACE_RECORDS_MIN || n > RINGFORT_TRACE_RECORDS_MAX || n & (n - 1))
        bad_usage("not a power of two from 64 to 65536:", text);
    return (uint32_t)n;
}

static double parse_seconds(const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds > 0 && seconds <= 86400))
        bad_usage("not a time in seconds:", text);
    return seconds;
}

static const struct option options[] = {
    {"classes", required_argument, NULL, 'c'},
    {"buffer", required_argument, NULL, 'b'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void record_command(const char *time, const char *path, uint32_t classes, uint32_t records)
{
    double seconds = parse_seconds(time);
    FILE *out;

    /* Before anything is recorded: what cannot be written is not worth waiting for. */
    out = fopen(path, "w");
    if (!out)
        die(errno, "cannot write %s", path);
    ringfort_open();
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    record(seconds, out, path, classes, records);
}

int main(int argc, char **argv)
{
    uint32_t classes = RINGFORT_TRACE_ALL, records = DEFAULT_RECORDS;
    int letter;

    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (letter) {
        case 'c':
            classes = parse_classes(optarg);
            break;
        case 'b':
            records = parse_buffer(optarg);
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            bad_usage(NULL, NULL);
        }
    }
    argv += optind;
    argc -= optind;
    if (argc == 3 && !strcmp(argv[0], "record")) {
        record_command(argv[1], argv[2], classes, records);
    } else if (argc == 1 && !strcmp(argv[0], "stop")) {
        ringfort_open();
        control(true, 0, 0);
    } else {
        bad_usage(NULL, NULL);
    }
    return EXIT_SUCCESS;
}
