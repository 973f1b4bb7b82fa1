/*
 * What a process may expect of its clocks. Each command prints one line.
 *
 *   clocks silent [call]   reads the clocks where any system call but write() and exit() is fatal;
 *                          with "call" makes one, to show that it would be
 *   clocks watch SECONDS   counts how often CLOCK_MONOTONIC went back
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READINGS 100000

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static unsigned readings_that_go_back(unsigned count)
{
    int64_t last = 0;
    unsigned back = 0;

    while (count--) {
        int64_t t = nanoseconds(CLOCK_MONOTONIC);

        back += t < last;
        last = t;
    }
    return back;
}

/* A filter: the strict mode of seccomp would forbid RDTSC too. */
static void forbid_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        exit(2);
}

static void silent(int call)
{
    static const char text[] = "no system call\n";

    forbid_calls();
    readings_that_go_back(READINGS);
    nanoseconds(CLOCK_REALTIME);
    if (call)
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &(struct timespec){0});
    syscall(SYS_write, 1, text, sizeof(text) - 1);
    syscall(SYS_exit, 0);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && !strcmp(argv[1], "silent")) {
        silent(argc > 2);
    } else if (argc == 3 && !strcmp(argv[1], "watch")) {
        int64_t end = nanoseconds(CLOCK_MONOTONIC) + atoi(argv[2]) * INT64_C(1000000000);
        unsigned back = 0;

        while (nanoseconds(CLOCK_MONOTONIC) < end)
            back += readings_that_go_back(READINGS);
        printf("%u times back\n", back);
    }
    return 0;
}
