/* sources: */
/* The trace's ring: order, replacement and its count, cursors from nowhere, a writer that comes in
 * between; the record's layout; the buckets of waits. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "check.h"
#include "control/trace_ring.h"
#include "schedule/account.h"

#define SIZE 8

static struct ringfort_record storage[SIZE], out[2 * SIZE];
static struct trace_ring ring;
static uint64_t next;

static void put(unsigned n)
{
    while (n--) {
        struct ringfort_record r = {.time_ns = next++};

        trace_ring_put(&ring, &r);
    }
}

static void start(void)
{
    ring = (struct trace_ring){.records = storage, .size = SIZE};
    next = 0;
}

static void test_order(void)
{
    uint64_t cursor = 0, lost = 0;

    start();
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, SIZE, &lost), 0);
    put(5);
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, 2, &lost), 2);
    CHECK_EQ(out[1].time_ns, 1);
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, SIZE, &lost), 3);
    CHECK_EQ(out[0].time_ns, 2);
    CHECK_EQ(cursor, 5);
    put(4);
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, SIZE, &lost), 4);
    CHECK_EQ(out[3].time_ns, 8);
    CHECK_EQ(lost, 0);
}

/* Read or lost, each record is counted once, whatever the rhythm; those read are whole and in
 * order. The oldest of a full ring may be half replaced and is never taken. */
static void test_loss(void)
{
    for (unsigned burst = 1; burst < 3 * SIZE; burst++)
        for (unsigned room = 1; room <= 2 * SIZE; room++) {
            uint64_t cursor = 0, lost = 0, read = 0;

            start();
            for (unsigned turn = 0; turn < 20; turn++) {
                uint64_t from;
                unsigned n;

                put(burst);
                n = trace_ring_get(&ring, &cursor, out, room, &lost);
                from = cursor - n;
                for (unsigned i = 0; i < n; i++)
                    if (out[i].time_ns != from + i)
                        CHECK_EQ(out[i].time_ns, from + i);
                read += n;
            }
            CHECK_EQ(read + lost, cursor);
            CHECK(cursor <= next);
            CHECK(burst >= SIZE || room < burst || lost == 0);
            CHECK(burst < SIZE || lost > 0);
        }
}

static void test_cursor_from_nowhere(void)
{
    uint64_t cursor = UINT64_MAX, lost = 0;

    start();
    put(3);
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, SIZE, &lost), 3);
    CHECK_EQ(cursor, 3);
    CHECK_EQ(lost, 0);
    cursor = 4;
    put(20);
    CHECK_EQ(trace_ring_get(&ring, &cursor, out, 2 * SIZE, &lost), SIZE - 1);
    CHECK_EQ(out[0].time_ns, 23 - SIZE + 1);
    CHECK_EQ(lost, 23 - SIZE + 1 - 4);
}

#define RACE_SIZE 64
#define INTERRUPTS 3000

static volatile sig_atomic_t interrupts;

/* Comes in between at any instruction of the reader's, as another processor would. */
static void write_some(int signal)
{
    for (unsigned n = (unsigned)random() % 100; n; n--, next++) {
        struct ringfort_record r = {.time_ns = next, .args = {next * 3, next * 5}};

        trace_ring_put(&ring, &r);
    }
    interrupts++;
}

/* What is read while somebody writes is whole, and numbered without a gap. */
static void test_race(void)
{
    static struct ringfort_record large[RACE_SIZE], to[RACE_SIZE];
    const struct itimerval often = {.it_interval.tv_usec = 50, .it_value.tv_usec = 50};
    static const struct itimerval never;
    uint64_t cursor = 0, lost = 0, read = 0, broken = 0;

    ring = (struct trace_ring){.records = large, .size = RACE_SIZE};
    next = 0;
    signal(SIGALRM, write_some);
    setitimer(ITIMER_REAL, &often, NULL);
    while (interrupts < INTERRUPTS) {
        unsigned n;

        /* A little back, so that there is always something to copy. */
        cursor -= MIN(cursor, RACE_SIZE / 2);
        n = trace_ring_get(&ring, &cursor, to, RACE_SIZE, &lost);
        for (unsigned i = 0; i < n; i++) {
            uint64_t number = cursor - n + i;

            broken += to[i].time_ns != number || to[i].args[0] != number * 3 ||
                      to[i].args[1] != number * 5;
        }
        read += n;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK_EQ(broken, 0);
    CHECK(read > INTERRUPTS && lost > 0);
}

static void test_layout(void)
{
    CHECK_EQ(sizeof(struct ringfort_record), 32);
    CHECK_EQ(offsetof(struct ringfort_record, event), 8);
    CHECK_EQ(offsetof(struct ringfort_record, args), 16);
    CHECK_EQ(sizeof(struct ringfort_trace), 32);
    CHECK_EQ(sizeof(struct ringfort_trace_read), 40);
    CHECK_EQ(sizeof(struct ringfort_bvt), 48);
    CHECK_EQ(sizeof(struct ringfort_allowance), 16);
    CHECK_EQ(sizeof(struct ringfort_vcpu), 640);
    CHECK_EQ(offsetof(struct ringfort_vcpu, warp_ns), 32);
    CHECK_EQ(offsetof(struct ringfort_vcpu, latency), 128);
}

/* The hypervisor's buckets begin where the interface says, and have no gaps. */
static void test_buckets(void)
{
    CHECK_EQ(LATENCY_BUCKETS, RINGFORT_LATENCY_BUCKETS);
    CHECK_EQ(latency_bucket(-1), 0);
    CHECK_EQ(latency_bucket(0), 0);
    for (unsigned b = 0; b < LATENCY_BUCKETS; b++) {
        uint64_t floor = ringfort_latency_floor(b);

        CHECK_EQ(latency_bucket((nsec_t)floor), b);
        if (b)
            CHECK_EQ(latency_bucket((nsec_t)floor - 1), b - 1);
        /* Never wider than a quarter of where it begins. */
        if (b > 3 && b + 1 < LATENCY_BUCKETS)
            CHECK((ringfort_latency_floor(b + 1) - floor) * 4 <= floor);
    }
    CHECK_EQ(ringfort_latency_floor(LATENCY_BUCKETS - 1), UINT64_C(7) << 34);
    CHECK_EQ(latency_bucket(INT64_MAX), LATENCY_BUCKETS - 1);
}

int main(void)
{
    test_order();
    test_loss();
    test_cursor_from_nowhere();
    test_race();
    test_layout();
    test_buckets();
    return check_report();
}
