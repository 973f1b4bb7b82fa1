/*
 * The first process of a Linux without a hypervisor: lets 1 to 128 processes work for LENGTH
 * seconds each time, and prints what they did.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/domains/work.h"

#define PROCESSES 128

static uint64_t ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Time stamp counts in a second. */
static double rate(void)
{
    uint64_t begin = ticks();
    double from = seconds();

    sleep(2);
    return (double)(ticks() - begin) / (seconds() - from);
}

static void work(uint64_t begin, uint64_t end, uint64_t *done)
{
    while (ticks() < begin)
        usleep(1000);
    while (ticks() < end) {
        work_unit();
        if (ticks() <= end)
            ++*done;
    }
    _exit(0);
}

int main(void)
{
    uint64_t *done = mmap(NULL, PROCESSES * sizeof(*done), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const char *text = getenv("length");
    double per_second = rate(), length = text ? atof(text) : 10;

    printf("bench: %.0f counts in a second\n", per_second);
    for (unsigned n = 1; n <= PROCESSES; n *= 2) {
        uint64_t begin = ticks() + (uint64_t)per_second, sum = 0;
        uint64_t end = begin + (uint64_t)(length * per_second);

        for (unsigned i = 0; i < n; i++) {
            done[i] = 0;
            if (!fork())
                work(begin, end, &done[i]);
        }
        while (wait(NULL) > 0)
            ;
        for (unsigned i = 0; i < n; i++)
            sum += done[i];
        printf("bench: native %u: %lu\n", n, (unsigned long)sum);
    }
    printf("bench: done\n");
    fflush(stdout);
    for (;;)
        pause();
}
