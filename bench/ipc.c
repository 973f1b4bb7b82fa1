/* Two processes that talk: context switches, pipes, sockets. */
#include "bench.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK 65536

/* The network needs its loopback interface. */
void ipc_prepare(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "loopback");
    close(fd);
}

static void send_byte(int fd)
{
    must(write(fd, "x", 1) == 1, "write");
}

static void get_byte(int fd)
{
    char byte;

    must(read(fd, &byte, 1) == 1, "read");
}

/* Returns each byte until the other end is closed. */
static void echo(int in, int out)
{
    char byte;

    while (read(in, &byte, 1) == 1)
        send_byte(out);
    _exit(0);
}

static uint64_t trips(int in, int out, unsigned n)
{
    uint64_t start = clock_ns();

    for (unsigned i = 0; i < n; i++) {
        send_byte(out);
        get_byte(in);
    }
    return clock_ns() - start;
}

uint64_t pipe_trip(unsigned n)
{
    int there[2], back[2], pid;
    uint64_t took;

    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    pid = fork();
    if (pid == 0) {
        close(there[1]);
        echo(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    took = trips(back[0], there[1], n);
    close(there[1]);
    close(back[0]);
    reap(pid);
    return took;
}

/* What is left of a hop when the work on the pipe, measured within one process, is taken away. */
uint64_t context_switch(unsigned n)
{
    uint64_t hop = pipe_trip(n) / 2, alone;
    int ends[2];

    must(pipe(ends) == 0, "pipe");
    alone = trips(ends[0], ends[1], n);
    close(ends[0]);
    close(ends[1]);
    return hop > alone ? hop - alone : 0;
}

static uint64_t socket_trip(int mine, int other, unsigned n)
{
    uint64_t took;
    int pid = fork();

    if (pid == 0) {
        close(mine);
        echo(other, other);
    }
    close(other);
    took = trips(mine, mine, n);
    close(mine);
    reap(pid);
    return took;
}

uint64_t unix_trip(unsigned n)
{
    int pair[2];

    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    return socket_trip(pair[0], pair[1], n);
}

static void tcp_pair(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
    must(listen(listener, 1) == 0, "listen");
    must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    must(connect(pair[0], (struct sockaddr *)&address, sizeof(address)) == 0, "connect");
    pair[1] = accept(listener, NULL, NULL);
    must(pair[1] >= 0, "accept");
    for (int i = 0; i < 2; i++)
        setsockopt(pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    close(listener);
}

uint64_t tcp_trip(unsigned n)
{
    int pair[2];

    tcp_pair(pair);
    return socket_trip(pair[0], pair[1], n);
}

/* Reads all, and answers when all has come. */
static void sink(int fd, unsigned long left)
{
    static char buffer[BULK];

    while (left) {
        ssize_t got = read(fd, buffer, sizeof(buffer));

        must(got > 0, "read");
        left -= got;
    }
    send_byte(fd);
    _exit(0);
}

uint64_t tcp_bulk(unsigned n)
{
    static char buffer[BULK];
    uint64_t took;
    int pair[2], pid;

    tcp_pair(pair);
    pid = fork();
    if (pid == 0) {
        close(pair[0]);
        sink(pair[1], (unsigned long)n * BULK);
    }
    close(pair[1]);
    took = clock_ns();
    for (unsigned i = 0; i < n; i++)
        must(write(pair[0], buffer, BULK) == BULK, "write");
    get_byte(pair[0]);
    took = clock_ns() - took;
    close(pair[0]);
    reap(pid);
    return took;
}
