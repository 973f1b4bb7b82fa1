/* Messages: formatted on the caller's stack, written to the console in one piece. */
#include "boot/boot.h"
#include "control/console.h"
#include "domain/domain.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "time/timer.h"

#define LINE_MAX 512
#define GUEST_MESSAGES_PER_SECOND 10

static void emit(const char *prefix, const char *fmt, va_list ap)
{
    char line[LINE_MAX];
    int n = format(line, sizeof(line), "(RF) %s", prefix);

    n += vformat(line + n, sizeof(line) - n, fmt, ap);
    if (n > LINE_MAX - 2)
        n = LINE_MAX - 2;
    if (line[n - 1] != '\n')
        line[n++] = '\n';
    console_write(line, n);
}

void log_at(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    if ((int)level > options.log_level)
        return;
    va_start(ap, fmt);
    emit("", fmt, ap);
    va_end(ap);
}

/* A budget refilled each second, so that no guest can drown the log or slow the machine with it.
 * The races between CPUs can only let a few more through. */
static bool guest_budget(void)
{
    static nsec_t window;
    static unsigned used;
    nsec_t t = now();

    if (t - window >= NSEC_PER_SEC) {
        window = t;
        used = 0;
    }
    return used++ < GUEST_MESSAGES_PER_SECOND;
}

void guest_log(const struct domain *d, const char *fmt, ...)
{
    char prefix[16];
    va_list ap;

    if (options.guest_log_level < LOG_WARN || !guest_budget())
        return;
    format(prefix, sizeof(prefix), "(d%u) ", d->id);
    va_start(ap, fmt);
    emit(prefix, fmt, ap);
    va_end(ap);
}
