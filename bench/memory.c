/* Address spaces: what a hypervisor that checks page tables has most to do with. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096u
#define FILE_SIZE (4u << 20)
#define AROUND 16 /* pages that Linux maps around one that faults */

static int data_file(void)
{
    static int fd = -1;
    static char page[PAGE];

    if (fd >= 0)
        return fd;
    fd = open("/bench.data", O_RDWR | O_CREAT, 0600);
    must(fd >= 0, "data file");
    for (unsigned i = 0; i < FILE_SIZE / PAGE; i++)
        must(write(fd, page, PAGE) == PAGE, "write");
    return fd;
}

static volatile char *map(unsigned size, int protection, int fd)
{
    void *p = mmap(NULL, size, protection, MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

    must(p != MAP_FAILED, "mmap");
    madvise(p, size, MADV_NOHUGEPAGE);
    return p;
}

static void unmap(volatile char *p, unsigned size)
{
    must(munmap((void *)p, size) == 0, "munmap");
}

uint64_t mmap_file(unsigned n)
{
    int fd = data_file();
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++) {
        volatile char *p = map(FILE_SIZE, PROT_READ, fd);

        for (unsigned at = 0; at < FILE_SIZE; at += PAGE)
            (void)p[at];
        unmap(p, FILE_SIZE);
    }
    return clock_ns() - start;
}

/* The store that faults is three bytes long. */
static void skip_store(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;

    (void)signal;
    (void)info;
    at->uc_mcontext.gregs[REG_RIP] += 3;
}

uint64_t protection_fault(unsigned n)
{
    struct sigaction action = {.sa_sigaction = skip_store, .sa_flags = SA_SIGINFO};
    volatile char *p = map(PAGE, PROT_READ, data_file());
    uint64_t took;

    (void)p[0];
    sigaction(SIGSEGV, &action, NULL);
    took = clock_ns();
    for (unsigned i = 0; i < n; i++)
        __asm__ volatile("movb $0, (%0)" ::"a"(p) : "memory");
    took = clock_ns() - took;
    action.sa_flags = 0;
    action.sa_handler = SIG_DFL;
    sigaction(SIGSEGV, &action, NULL);
    unmap(p, PAGE);
    return took;
}

uint64_t file_fault(unsigned n)
{
    volatile char *p = map(FILE_SIZE, PROT_READ, data_file());
    uint64_t took = clock_ns();

    for (unsigned i = 0; i < n; i++)
        (void)p[i * AROUND * PAGE];
    took = clock_ns() - took;
    unmap(p, FILE_SIZE);
    return took;
}

static uint64_t write_pages(volatile char *p, unsigned n)
{
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++)
        p[i * PAGE] = 1;
    return clock_ns() - start;
}

uint64_t anonymous_fault(unsigned n)
{
    volatile char *p = map(n * PAGE, PROT_READ | PROT_WRITE, -1);
    uint64_t took = write_pages(p, n);

    unmap(p, n * PAGE);
    return took;
}

/* Pages of the file are mapped read-only first, then each is copied. */
uint64_t copy_fault(unsigned n)
{
    volatile char *p = map(n * PAGE, PROT_READ | PROT_WRITE, data_file());
    uint64_t took;

    for (unsigned i = 0; i < n; i++)
        (void)p[i * PAGE];
    took = write_pages(p, n);
    unmap(p, n * PAGE);
    return took;
}

uint64_t unmap_page(unsigned n)
{
    volatile char *p = map(n * PAGE, PROT_READ | PROT_WRITE, -1);
    uint64_t start;

    write_pages(p, n);
    start = clock_ns();
    unmap(p, n * PAGE);
    return clock_ns() - start;
}

uint64_t protect_1mb(unsigned n)
{
    const unsigned size = 1 << 20;
    volatile char *p = map(size, PROT_READ | PROT_WRITE, -1);
    uint64_t took;

    write_pages(p, size / PAGE);
    took = clock_ns();
    for (unsigned i = 0; i < n; i++)
        must(mprotect((void *)p, size, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ) == 0,
             "mprotect");
    took = clock_ns() - took;
    unmap(p, size);
    return took;
}
