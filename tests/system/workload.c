/*
 * Work that notices when anything goes wrong with memory, disk or network while it runs: it knows
 * at every moment what it must find. For guests that are moved from one place to another.
 *
 *   workload run [-d DISK] [-c ADDRESS] &   works until something is wrong
 *   workload serve                          the other end of the connections, on port 5000
 *   workload status                         one line: rounds of each kind of work, and faults
 *
 * Processes share one page, a file that is mapped, which has the counts.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define WORDS (PAGE / 8)
#define PORT 5000
#define MEMORY_PAGES 2048
#define FORK_PAGES 64
#define FILE_PAGES 64
#define DISK_START (4 << 20)
#define DISK_BLOCKS 256
#define MESSAGE 1024

enum kind { MEMORY, TOGGLES, FORKS, MAPPED_FILE, DISK, TCP, KINDS };
static const char *const names[] = {"memory", "toggles", "forks", "file", "disk", "tcp"};

static struct status {
    volatile uint64_t rounds[KINDS], faults, gap_ms;
    char fault[128];
} * status;

static void fault(enum kind kind, const char *what, uint64_t where)
{
    if (__sync_fetch_and_add(&status->faults, 1) == 0)
        snprintf(status->fault, sizeof(status->fault), "%s: %s at %lu", names[kind], what,
                 (unsigned long)where);
    exit(1);
}

static void need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(2);
}

static void pause_us(unsigned us)
{
    nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000L}, NULL);
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Word `i` of the content that belongs to a place and a turn. */
static uint64_t word(uint64_t place, uint64_t turn, unsigned i)
{
    uint64_t z = place * 0x9e3779b97f4a7c15 + turn * 0xd1342543de82ef95 + i;

    z = (z ^ z >> 32) * 0xd6e8feb86659fd93;
    return z ^ z >> 32;
}

static void fill(uint64_t *page, uint64_t place, uint64_t turn)
{
    for (unsigned i = 0; i < WORDS; i++)
        page[i] = word(place, turn, i);
}

static int is(const uint64_t *page, uint64_t place, uint64_t turn)
{
    for (unsigned i = 0; i < WORDS; i++)
        if (page[i] != word(place, turn, i))
            return 0;
    return 1;
}

static void *pages(unsigned count)
{
    void *p = mmap(NULL, (size_t)count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);

    need(p != MAP_FAILED, "mmap");
    return p;
}

/* Each page holds what its turn says; the turns are elsewhere. A few pages at a time. */
static void work_memory(void)
{
    uint64_t *memory = pages(MEMORY_PAGES), *turn = calloc(MEMORY_PAGES, sizeof(*turn));

    for (unsigned i = 0; i < MEMORY_PAGES; i++)
        fill(memory + i * WORDS, i, 0);
    for (unsigned at = 0;; at = (at + 7) % MEMORY_PAGES) {
        uint64_t *page = memory + at * WORDS;

        if (!is(page, at, turn[at]))
            fault(MEMORY, "page", at);
        fill(page, at, ++turn[at]);
        if (at % 16 == 0)
            pause_us(2000);
        status->rounds[MEMORY]++;
    }
}

/* Words that go from one value to another and back, for ever. */
static void work_toggles(void)
{
    volatile uint64_t *memory = pages(64);
    uint64_t expected[64] = {0};

    for (unsigned at = 0;; at = (at + 1) % 64) {
        if (memory[at * WORDS] != expected[at])
            fault(TOGGLES, "word", at);
        memory[at * WORDS] = expected[at] ^= 1;
        if (at == 63)
            pause_us(1000);
        status->rounds[TOGGLES]++;
    }
}

static void child_work(uint64_t *memory, uint64_t turn)
{
    for (unsigned i = 0; i < FORK_PAGES; i++)
        if (!is(memory + i * WORDS, i, turn))
            fault(FORKS, "page inherited", i);
    pause_us(3000);
    for (unsigned i = 0; i < FORK_PAGES; i++)
        fill(memory + i * WORDS, i, ~turn);
    pause_us(3000);
    for (unsigned i = 0; i < FORK_PAGES; i++)
        if (!is(memory + i * WORDS, i, ~turn))
            fault(FORKS, "child's page", i);
    exit(0);
}

/* A child and its parent write to pages that they shared, and each sees its own only. */
static void work_forks(void)
{
    uint64_t *memory = pages(FORK_PAGES);

    for (uint64_t turn = 0;; turn++) {
        pid_t child;
        int end;

        for (unsigned i = 0; i < FORK_PAGES; i++)
            fill(memory + i * WORDS, i, turn);
        child = fork();
        need(child >= 0, "fork");
        if (!child)
            child_work(memory, turn);
        for (unsigned i = 0; i < FORK_PAGES; i += 2)
            fill(memory + i * WORDS, i, turn + 1);
        need(waitpid(child, &end, 0) == child, "waitpid");
        if (end)
            exit(1);
        for (unsigned i = 0; i < FORK_PAGES; i++)
            if (!is(memory + i * WORDS, i, turn + (i % 2 == 0)))
                fault(FORKS, "parent's page", i);
        status->rounds[FORKS]++;
        pause_us(5000);
    }
}

/* What is written through a mapping is read from the file, and the other way round. */
static void work_file(void)
{
    int fd = open("/tmp/workload.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    uint64_t buffer[WORDS], *map;

    need(fd >= 0 && !ftruncate(fd, FILE_PAGES * PAGE), "file");
    map = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    need(map != MAP_FAILED, "mmap of a file");
    for (uint64_t turn = 1;; turn++) {
        for (unsigned i = 0; i < FILE_PAGES; i++) {
            fill(map + i * WORDS, i, turn);
            need(pread(fd, buffer, PAGE, i * PAGE) == PAGE, "pread");
            if (!is(buffer, i, turn))
                fault(MAPPED_FILE, "page read", i);
            fill(buffer, i, ~turn);
            need(pwrite(fd, buffer, PAGE, i * PAGE) == PAGE, "pwrite");
            pause_us(500);
            if (!is(map + i * WORDS, i, ~turn))
                fault(MAPPED_FILE, "page mapped", i);
        }
        status->rounds[MAPPED_FILE]++;
    }
}

/* Every block has what was written to it last, past all caches. The disk begins with this
 * program. */
static void work_disk(const char *path)
{
    int fd = open(path, O_RDWR | O_DIRECT);
    uint64_t *buffer = pages(1), turn[DISK_BLOCKS] = {0};

    need(fd >= 0, path);
    for (unsigned at = 0;; at = (at + 5) % DISK_BLOCKS) {
        off_t place = DISK_START + at * PAGE;

        if (turn[at]) {
            need(pread(fd, buffer, PAGE, place) == PAGE, "read of the disk");
            if (!is(buffer, at, turn[at]))
                fault(DISK, "block", at);
        }
        fill(buffer, at, ++turn[at]);
        need(pwrite(fd, buffer, PAGE, place) == PAGE, "write to the disk");
        status->rounds[DISK]++;
        pause_us(2000);
    }
}

static void transfer(int fd, uint64_t *buffer, int receive)
{
    size_t done = 0;

    while (done < MESSAGE) {
        ssize_t n = receive ? read(fd, (char *)buffer + done, MESSAGE - done)
                            : write(fd, (char *)buffer + done, MESSAGE - done);

        if (n <= 0)
            fault(TCP, n ? strerror(errno) : "connection closed", done);
        done += n;
    }
}

/* Messages by number, checked at either end. */
static void converse(int fd, int first)
{
    uint64_t buffer[MESSAGE / 8], last = now_ms();

    for (uint64_t turn = 0;; turn++) {
        if (turn || !first) {
            transfer(fd, buffer, 1);
            for (unsigned i = 0; i < MESSAGE / 8; i++)
                if (buffer[i] != word(!first, turn - first, i))
                    fault(TCP, "message", turn);
        }
        for (unsigned i = 0; i < MESSAGE / 8; i++)
            buffer[i] = word(first, turn, i);
        transfer(fd, buffer, 0);
        if (now_ms() - last > status->gap_ms)
            status->gap_ms = now_ms() - last;
        last = now_ms();
        status->rounds[TCP]++;
        if (first)
            pause_us(5000);
    }
}

static void work_tcp(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    need(inet_pton(AF_INET, address, &to.sin_addr) == 1, address);
    need(!connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    converse(fd, 1);
}

static void serve(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    need(!bind(fd, (struct sockaddr *)&at, sizeof(at)) && !listen(fd, 5), "listen");
    for (;;) {
        int connection = accept(fd, NULL, NULL);

        need(connection >= 0, "accept");
        if (!fork())
            converse(connection, 0);
        close(connection);
    }
}

static void start(enum kind kind, const char *argument)
{
    if (fork())
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    switch (kind) {
    case MEMORY:
        work_memory();
        break;
    case TOGGLES:
        work_toggles();
        break;
    case FORKS:
        work_forks();
        break;
    case MAPPED_FILE:
        work_file();
        break;
    case DISK:
        work_disk(argument);
        break;
    default:
        work_tcp(argument);
        break;
    }
}

static void run(int argc, char **argv)
{
    int end, option;

    while ((option = getopt(argc, argv, "d:c:")) > 0)
        start(option == 'd' ? DISK : TCP, optarg);
    for (enum kind kind = MEMORY; kind <= MAPPED_FILE; kind++)
        start(kind, NULL);
    /* None of them ends unless something is wrong. */
    wait(&end);
    __sync_fetch_and_add(&status->faults, 1);
    kill(0, SIGTERM);
}

static void show(void)
{
    for (unsigned i = 0; i < KINDS; i++)
        printf("%s %lu ", names[i], (unsigned long)status->rounds[i]);
    printf("gap %lu faults %lu %s\n", (unsigned long)status->gap_ms, (unsigned long)status->faults,
           status->fault);
    /* The next one asks for what came since. */
    status->gap_ms = 0;
}

int main(int argc, char **argv)
{
    int fd = open("/tmp/workload.status", O_RDWR | O_CREAT, 0600);

    need(fd >= 0 && !ftruncate(fd, sizeof(*status)), "status");
    status = mmap(NULL, sizeof(*status), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    need(status != MAP_FAILED, "status");
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && !strcmp(argv[1], "run"))
        run(argc - 1, argv + 1);
    else if (argc > 1 && !strcmp(argv[1], "serve"))
        serve();
    else
        show();
    return 0;
}
