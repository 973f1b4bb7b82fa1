/* ringfort-bvt: shows and sets Borrowed Virtual Time's parameters; see ringfort-bvt(8). */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "names.h"
#include "percentile.h"

#define MS 1e6 /* nanoseconds */

const char *program = "ringfort-bvt";

static const char usage[] =
    "usage: ringfort-bvt list [--json]\n"
    "       ringfort-bvt set DOMAIN [--weight N] [--cap PERCENT]\n"
    "                        [--warp MS] [--warp-limit MS] [--unwarp MS]\n"
    "       ringfort-bvt set --allowance MS\n"
    "\n"
    "Shows and sets the parameters of Ringfort's scheduler. DOMAIN is an id or a name.\n"
    "  --weight N       share of the processors; 256 is the unit (1 to 65535)\n"
    "  --cap PERCENT    at most this part of one processor; 0: no limit\n"
    "  --warp MS        how far ahead of the others it may run after waking; 0: never\n"
    "  --warp-limit MS  how long it may do so at a time; 0: no limit\n"
    "  --unwarp MS      how long it may not after that\n"
    "  --allowance MS   context-switch allowance of all processors (0.01 to 1000)\n";

static const char *const states[] = {"running", "runnable", "blocked", "offline"};

static double get_allowance(void)
{
    struct ringfort_allowance a = {0};
    int error = ringfort_op(RINGFORT_OP_allowance, &a, sizeof(a));

    if (error)
        die(error, "cannot read the allowance");
    return (double)a.allowance_ns / MS;
}

/* The next vCPU from (domain, vcpu) on; false after the last. */
static bool get_vcpu(struct ringfort_vcpu *v)
{
    int error = ringfort_op(RINGFORT_OP_get_vcpu, v, sizeof(*v));

    if (error && error != ESRCH)
        die(error, "cannot read domain %u's vCPU %u", v->domain, v->vcpu);
    return error == 0;
}

/* Linux's notion: wanted to run, or was not allowed to. */
static uint64_t steal_ns(const struct ringfort_vcpu *v)
{
    return v->time_ns[1] + v->time_ns[3];
}

static void print_row(const struct ringfort_vcpu *v, const char *name)
{
    printf("%-16s %5u %4u %4u %-8s %6u %5u %4u %10.3f %10.3f %c %10.3f %10.3f %10.3f %9llu %8llu "
           "%9.3f %9.3f %9.3f\n",
           name, v->domain, v->vcpu, v->cpu, states[v->state & 3], v->weight, v->share, v->cap,
           (double)(int64_t)(v->actual - v->queue_time) / MS,
           (double)(int64_t)(v->effective - v->queue_time) / MS,
           v->flags & RINGFORT_VCPU_WARPED ? 'w' : '-', (double)v->time_ns[0] / 1e9,
           (double)v->time_ns[1] / 1e9, (double)steal_ns(v) / 1e9,
           (unsigned long long)v->dispatches, (unsigned long long)v->migrations,
           (double)latency_percentile(v->latency, 50) / MS,
           (double)latency_percentile(v->latency, 95) / MS,
           (double)latency_percentile(v->latency, 99) / MS);
}

static void json_number(const char *name, uint64_t value)
{
    printf(", \"%s\": %llu", name, (unsigned long long)value);
}

static void print_json(const struct ringfort_vcpu *v, const char *name)
{
    printf("{\"name\": ");
    json_string(stdout, name);
    json_number("domain", v->domain);
    json_number("vcpu", v->vcpu);
    json_number("cpu", v->cpu);
    printf(", \"state\": \"%s\", \"up\": %s, \"warped\": %s", states[v->state & 3],
           v->flags & RINGFORT_VCPU_UP ? "true" : "false",
           v->flags & RINGFORT_VCPU_WARPED ? "true" : "false");
    json_number("weight", v->weight);
    json_number("share", v->share);
    json_number("cap", v->cap);
    json_number("warp_ns", v->warp_ns);
    json_number("warp_limit_ns", v->warp_limit_ns);
    json_number("unwarp_ns", v->unwarp_ns);
    json_number("actual", v->actual);
    json_number("effective", v->effective);
    json_number("queue_time", v->queue_time);
    json_number("run_ns", v->time_ns[0]);
    json_number("wait_ns", v->time_ns[1]);
    json_number("blocked_ns", v->time_ns[2]);
    json_number("offline_ns", v->time_ns[3]);
    json_number("steal_ns", steal_ns(v));
    json_number("dispatches", v->dispatches);
    json_number("migrations", v->migrations);
    printf(", \"latency\": {\"count\": %llu", (unsigned long long)latency_count(v->latency));
    json_number("p50_ns", latency_percentile(v->latency, 50));
    json_number("p90_ns", latency_percentile(v->latency, 90));
    json_number("p95_ns", latency_percentile(v->latency, 95));
    json_number("p99_ns", latency_percentile(v->latency, 99));
    json_number("max_ns", latency_percentile(v->latency, 100));
    printf("}}");
}

static void list(bool json)
{
    struct ringfort_vcpu v = {0};
    bool first = true;

    if (json)
        printf("{\"allowance_ns\": %.0f, \"vcpus\": [", get_allowance() * MS);
    else
        printf(
            "Context-switch allowance %g ms. A and E are relative to the queue's virtual time, in "
            "ms.\n%-16s %5s %4s %4s %-8s %6s %5s %4s %10s %10s W %10s %10s %10s %9s %8s %9s %9s "
            "%9s\n",
            get_allowance(), "Name", "ID", "vCPU", "CPU", "State", "Weight", "Share", "Cap", "A",
            "E", "Run s", "Wait s", "Steal s", "Dispatch", "Migrate", "p50 ms", "p95 ms", "p99 ms");
    for (; get_vcpu(&v); v.vcpu++, first = false) {
        char *name = domain_name(v.domain);

        if (json) {
            printf(first ? "\n  " : ",\n  ");
            print_json(&v, name);
        } else {
            print_row(&v, name);
        }
        free(name);
    }
    if (json)
        printf("\n]}\n");
}

static void __attribute__((noreturn)) bad_usage(void)
{
    fputs(usage, stderr);
    exit(EXIT_USAGE);
}

/* A number from `least` to `most`, or the end. */
static double number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= least && value <= most)) {
        fprintf(stderr, "%s: --%s wants a number from %g to %g, not '%s'\n", program, option, least,
                most, text);
        exit(EXIT_USAGE);
    }
    return value;
}

static uint32_t whole(const char *option, const char *text, double least, double most)
{
    double value = number(option, text, least, most);

    if (value != (uint32_t)value) {
        fprintf(stderr, "%s: --%s wants a whole number, not '%s'\n", program, option, text);
        exit(EXIT_USAGE);
    }
    return (uint32_t)value;
}

static const struct option options[] = {
    {"weight", required_argument, NULL, 'w'},
    {"cap", required_argument, NULL, 'c'},
    {"warp", required_argument, NULL, 'W'},
    {"warp-limit", required_argument, NULL, 'L'},
    {"unwarp", required_argument, NULL, 'U'},
    {"allowance", required_argument, NULL, 'C'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
    struct ringfort_bvt bvt;
    struct ringfort_allowance allowance;
    bool json;
};

static uint64_t milliseconds(const char *option, const char *text, double least, double most)
{
    return (uint64_t)(number(option, text, least, most) * MS + 0.5);
}

static void take_option(struct request *r, int letter)
{
    const double longest = RINGFORT_WARP_MAX_NS / MS;

    switch (letter) {
    case 'w':
        r->bvt.fields |= RINGFORT_BVT_WEIGHT;
        r->bvt.weight = whole("weight", optarg, 1, RINGFORT_WEIGHT_MAX);
        break;
    case 'c':
        r->bvt.fields |= RINGFORT_BVT_CAP;
        r->bvt.cap = whole("cap", optarg, 0, RINGFORT_CAP_MAX);
        break;
    case 'W':
        r->bvt.fields |= RINGFORT_BVT_WARP;
        r->bvt.warp_ns = milliseconds("warp", optarg, 0, longest);
        break;
    case 'L':
        r->bvt.fields |= RINGFORT_BVT_WARP_LIMIT;
        r->bvt.warp_limit_ns = milliseconds("warp-limit", optarg, 0, longest);
        break;
    case 'U':
        r->bvt.fields |= RINGFORT_BVT_UNWARP;
        r->bvt.unwarp_ns = milliseconds("unwarp", optarg, 0, longest);
        break;
    case 'C':
        r->allowance.set = 1;
        r->allowance.allowance_ns = milliseconds(
            "allowance", optarg, RINGFORT_ALLOWANCE_MIN_NS / MS, RINGFORT_ALLOWANCE_MAX_NS / MS);
        break;
    case 'j':
        r->json = true;
        break;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        bad_usage();
    }
}

static void set(struct request *r, const char *name)
{
    int error;

    if (name) {
        int domain = domain_by_name(name);

        if (domain < 0)
            die(0, "there is no domain '%s'", name);
        r->bvt.domain = (uint16_t)domain;
        error = ringfort_op(RINGFORT_OP_set_bvt, &r->bvt, sizeof(r->bvt));
        if (error == ESRCH)
            die(0, "there is no domain '%s'", name);
        if (error)
            die(error, "cannot set parameters of domain '%s'", name);
    }
    if (r->allowance.set) {
        error = ringfort_op(RINGFORT_OP_allowance, &r->allowance, sizeof(r->allowance));
        if (error)
            die(error, "cannot set the allowance");
    }
}

int main(int argc, char **argv)
{
    struct request r = {0};
    const char *command, *domain;
    int letter;

    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1)
        take_option(&r, letter);
    command = optind < argc ? argv[optind++] : "";
    domain = optind < argc ? argv[optind++] : NULL;
    if (optind < argc)
        bad_usage();

    if (!strcmp(command, "list") && !domain && !r.bvt.fields && !r.allowance.set) {
        ringfort_open();
        list(r.json);
    } else if (!strcmp(command, "set") && !r.json && !domain == !r.bvt.fields &&
               (domain || r.allowance.set)) {
        ringfort_open();
        set(&r, domain);
    } else {
        bad_usage();
    }
    return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
