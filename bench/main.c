/*
 * The first process of the measured system: prints one line "bench: NAME ns" for each row and then
 * "bench: done". Called with an argument it just ends, which is what the exec rows start.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCHES 5

uint64_t clock_ns(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

void must(int ok, const char *what)
{
    if (ok)
        return;
    printf("bench: failed: %s\n", what);
    for (;;)
        pause();
}

void reap(int pid)
{
    int status;

    must(waitpid(pid, &status, 0) == pid && status == 0, "child");
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of some batches, after one that only warms up. */
static void row(const char *name, measurement *measure, unsigned n)
{
    const char *only = getenv("bench_rows"); /* from the kernel's command line */
    double ns[BATCHES];

    if (only && !strstr(only, name))
        return;
    measure(n);
    for (int i = 0; i < BATCHES; i++)
        ns[i] = (double)measure(n) / n;
    qsort(ns, BATCHES, sizeof(ns[0]), by_size);
    printf("bench: %s: %.1f\n", name, ns[BATCHES / 2]);
}

static void processes(void)
{
    row("null call", null_call, 2000);
    row("null I/O", null_io, 1000);
    row("stat", stat_file, 500);
    row("open/close", open_close, 300);
    row("signal", signal_handle, 500);
    row("fork", fork_exit, 20);
    row("fork, 8 MB dirty", fork_dirty, 4);
    row("exec", fork_exec, 6);
    row("sh", shell, 4);
}

static void memory(void)
{
    row("mmap 4 MB", mmap_file, 4);
    row("protection fault", protection_fault, 300);
    row("file fault", file_fault, 64);
    row("anonymous fault", anonymous_fault, 512);
    row("copy-on-write fault", copy_fault, 512);
    row("munmap, per page", unmap_page, 1024);
    row("mprotect 1 MB", protect_1mb, 20);
}

static void communication(void)
{
    ipc_prepare();
    row("context switch", context_switch, 300);
    row("pipe round trip", pipe_trip, 300);
    row("AF_UNIX round trip", unix_trip, 300);
    row("TCP round trip", tcp_trip, 200);
    row("TCP, 64 KB", tcp_bulk, 40);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir("/dev", 0755);
    mknod("/dev/zero", S_IFCHR | 0666, makedev(1, 5));
    processes();
    memory();
    communication();
    puts("bench: done");
    for (;;)
        pause();
}
