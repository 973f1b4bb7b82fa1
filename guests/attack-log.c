/* The log: in advisory 152 calls that a guest could repeat wrote a line each time, until the
 * console did nothing else and the log had nothing else in it. What must hold: a domain that
 * writes, and is refused, without end gets at most ten lines a second into the log, whatever its
 * level, each with the domain's number before it and nothing in it that a terminal would obey. */
#include "guest.h"

#define LINES_PER_SECOND 10
#define SPAN (3 * SECOND)
#define NAME "(d1) "

struct shared {
    uint32_t begun, done;
};

static volatile struct shared *s;
static char text_read[16 * PAGE_SIZE];

static void storm(void)
{
    static const char lines[] = "one\n\033[2Jtwo\rthree\n\n(d0) four\n\007five\n";
    unsigned calls = 0;

    while (!s->done) {
        console_io(CONSOLEIO_write, sizeof(lines) - 1, lines);
        mmuext_mfn(MMUEXT_PIN_L1_TABLE, NO_MFN);
        s->begun = ++calls;
    }
    CHECK(calls > 20 * LINES_PER_SECOND);
}

/* What has come into the log since the last time. */
static unsigned log_read(void)
{
    static uint32_t index;
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_readconsole,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
        .u.readconsole = {.incremental = 1, .index = index, .count = sizeof(text_read) - 1},
    };

    set_xen_guest_handle(op.u.readconsole.buffer, text_read);
    MUST(hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op));
    index = op.u.readconsole.index;
    text_read[op.u.readconsole.count] = '\0';
    return op.u.readconsole.count;
}

static unsigned lines_of_other(void)
{
    const char *at = text_read;
    unsigned lines = 0;

    while ((at = strstr(at, NAME))) {
        lines++;
        at += sizeof(NAME) - 1;
    }
    return lines;
}

void test(void)
{
    unsigned lines, strange = 0;
    uint64_t begin, span;

    s = beside_page();
    if (is_beside()) {
        storm();
        return;
    }
    REQUIRE(beside_reach(&s->begun, 1, 20 * SECOND));
    while (log_read() > sizeof(text_read) / 2)
        continue;
    begin = now();
    sleep_for(SPAN);
    span = now() - begin;
    s->done = 1;
    log_read();
    lines = lines_of_other();
    for (const char *c = text_read; *c; c++)
        strange += (*c < ' ' || *c > '~') && *c != '\n' && *c != '\r';
    print("%u lines in %u ms\n", lines, (unsigned)(span / MILLISECOND));
    CHECK(lines > 0);
    CHECK(lines <= LINES_PER_SECOND * (span / SECOND + 2));
    CHECK_EQ(strange, 0);
    beside_wait(20 * SECOND);
}
