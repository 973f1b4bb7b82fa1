/*
 * Visitors of a web server: client ADDRESS CONNECTIONS asks for /file on each connection, reads the
 * answer, thinks for 100 to 200 ms and asks again. Each second it prints the time, how many answers
 * came and how long they took on average and at most.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 64
#define MSEC INT64_C(1000000)
#define SEC (1000 * MSEC)

static const char request[] = "GET /file HTTP/1.1\r\nHost: web\r\n\r\n";
static const char length[] = "Content-Length: ";

static struct visitor {
    int64_t asked_at, asks_at; /* the second is 0 while it waits for an answer */
    long left;                 /* of the answer, -1: its header has not come yet */
    char head[1024];
    size_t in_head;
} visitors[MOST];

static struct {
    unsigned answers;
    int64_t sum, longest;
} second;

static int64_t now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * SEC + t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int connected(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
    int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    inet_pton(AF_INET, address, &to.sin_addr);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof(to)))
        fail("connect");
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return s;
}

static void ask(struct visitor *v, int s, int64_t at)
{
    if (write(s, request, sizeof(request) - 1) != sizeof(request) - 1)
        fail("write");
    *v = (struct visitor){.asked_at = at, .left = -1};
}

/* Takes the header's bytes from what came; what is left over belongs to the body. */
static void take_header(struct visitor *v, const char *data, long *n)
{
    char *end, *field;

    if (v->in_head + (size_t)*n >= sizeof(v->head))
        *n = (long)(sizeof(v->head) - 1 - v->in_head);
    memcpy(v->head + v->in_head, data, (size_t)*n);
    v->in_head += (size_t)*n;
    v->head[v->in_head] = 0;
    end = strstr(v->head, "\r\n\r\n");
    field = strstr(v->head, length);
    if (end && field) {
        v->left = atol(field + sizeof(length) - 1);
        *n = (long)(v->in_head - (size_t)(end + 4 - v->head));
    }
}

static void hear(struct visitor *v, int s)
{
    static char data[1 << 16];
    long n = read(s, data, v->left < 0 ? sizeof(v->head) - 1 - v->in_head : sizeof(data));
    int64_t at, took;

    if (n <= 0)
        fail("read");
    if (v->left < 0)
        take_header(v, data, &n);
    if (v->left < 0)
        return;
    v->left -= n;
    if (v->left > 0)
        return;
    at = now(CLOCK_MONOTONIC);
    took = at - v->asked_at;
    second.answers++;
    second.sum += took;
    if (took > second.longest)
        second.longest = took;
    v->asks_at = at + 100 * MSEC + random() % (100 * MSEC);
}

static void report(void)
{
    printf("web: %.3f answers %u mean %.3f longest %.3f\n", (double)now(CLOCK_REALTIME) / SEC,
           second.answers, second.answers ? (double)second.sum / second.answers / MSEC : 0,
           (double)second.longest / MSEC);
    fflush(stdout);
    memset(&second, 0, sizeof(second));
}

int main(int argc, char **argv)
{
    unsigned n = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
    struct pollfd polls[MOST];
    int64_t next_report = now(CLOCK_MONOTONIC) + SEC;

    if (!n || n > MOST)
        return 2;
    for (unsigned i = 0; i < n; i++) {
        polls[i] = (struct pollfd){.fd = connected(argv[1]), .events = POLLIN};
        visitors[i].asks_at = now(CLOCK_MONOTONIC) + random() % (100 * MSEC);
    }
    for (;;) {
        int64_t at = now(CLOCK_MONOTONIC), next = next_report;

        for (unsigned i = 0; i < n; i++)
            if (visitors[i].asks_at && visitors[i].asks_at <= at)
                ask(&visitors[i], polls[i].fd, at);
            else if (visitors[i].asks_at && visitors[i].asks_at < next)
                next = visitors[i].asks_at;
        poll(polls, n, next > at ? (int)((next - at) / MSEC) + 1 : 0);
        for (unsigned i = 0; i < n; i++)
            if (polls[i].revents)
                hear(&visitors[i], polls[i].fd);
        if (now(CLOCK_MONOTONIC) >= next_report) {
            report();
            next_report += SEC;
        }
    }
}
