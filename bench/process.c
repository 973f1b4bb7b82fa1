/* System calls, signals, processes. */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIRTY (8 << 20)

uint64_t null_call(unsigned n)
{
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++)
        syscall(SYS_getppid);
    return clock_ns() - start;
}

uint64_t null_io(unsigned n)
{
    int fd = open("/dev/zero", O_RDONLY);
    uint64_t start = clock_ns();
    char byte;

    must(fd >= 0, "/dev/zero");
    for (unsigned i = 0; i < n; i++)
        must(read(fd, &byte, 1) == 1, "read");
    start = clock_ns() - start;
    close(fd);
    return start;
}

uint64_t stat_file(unsigned n)
{
    uint64_t start = clock_ns();
    struct stat st;

    for (unsigned i = 0; i < n; i++)
        must(stat("/dev/zero", &st) == 0, "stat");
    return clock_ns() - start;
}

uint64_t open_close(unsigned n)
{
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++) {
        int fd = open("/dev/zero", O_RDONLY);

        must(fd >= 0, "open");
        close(fd);
    }
    return clock_ns() - start;
}

static void do_nothing(int signal)
{
    (void)signal;
}

uint64_t signal_handle(unsigned n)
{
    struct sigaction action = {.sa_handler = do_nothing};
    uint64_t start;

    sigaction(SIGUSR1, &action, NULL);
    start = clock_ns();
    for (unsigned i = 0; i < n; i++)
        kill(getpid(), SIGUSR1);
    return clock_ns() - start;
}

uint64_t fork_exit(unsigned n)
{
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++) {
        int pid = fork();

        if (pid == 0)
            _exit(0);
        reap(pid);
    }
    return clock_ns() - start;
}

uint64_t fork_dirty(unsigned n)
{
    char *memory = mmap(NULL, DIRTY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t took = 0;

    must(memory != MAP_FAILED, "mmap");
    madvise(memory, DIRTY, MADV_NOHUGEPAGE);
    for (unsigned i = 0; i < n; i++) {
        memset(memory, i, DIRTY);
        took += fork_exit(1);
    }
    munmap(memory, DIRTY);
    return took;
}

static uint64_t spawn(char *const argv[], unsigned n)
{
    uint64_t start = clock_ns();
    char *none[] = {NULL};

    for (unsigned i = 0; i < n; i++) {
        int pid = fork();

        if (pid == 0) {
            execve(argv[0], argv, none);
            _exit(1);
        }
        reap(pid);
    }
    return clock_ns() - start;
}

uint64_t fork_exec(unsigned n)
{
    char *argv[] = {"/bench", "exit", NULL};

    return spawn(argv, n);
}

uint64_t shell(unsigned n)
{
    char *argv[] = {"/bin/sh", "-c", "/bench exit; :", NULL};

    return spawn(argv, n);
}
