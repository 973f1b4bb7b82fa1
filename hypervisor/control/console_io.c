/* CONSOLEIO_*: Domain0's console (hvc0), and what other guests say while they start. */
#include "boot/boot.h"
#include "control/console.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Bytes copied between two preemption points. A serial line takes 10 ms for them. */
#define CHUNK 128

/* A guest could draw on the administrator's terminal with control characters. */
static void make_printable(char *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
}

/* Each line a message of its own, so that every one carries the domain's number and counts against
 * the limit on guests' messages. `text` has room for one more byte. */
static void log_lines(const struct domain *d, char *text, unsigned n)
{
    unsigned start = 0;

    for (unsigned i = 0; i <= n; i++) {
        if (i < n && text[i] != '\n')
            continue;
        make_printable(text + start, i - start);
        text[i] = '\0';
        if (i > start)
            guest_log(d, "%s", text + start);
        start = i + 1;
    }
}

static long write_console(int count, uint64_t buffer)
{
    const struct domain *d = current->domain;
    char text[CHUNK + 1];

    if (!d->is_privileged && !RINGFORT_DEBUG && options.guest_log_level < LOG_INFO)
        return -EPERM;

    for (int done = 0; done < count;) {
        unsigned n = MIN(count - done, CHUNK);

        if (done > 0 && preempt_needed())
            return hypercall_restart(__HYPERVISOR_console_io, 3, CONSOLEIO_write,
                                     (uint64_t)(count - done), buffer + done);
        if (!copy_from_guest(text, buffer + done, n))
            return refuse(-EFAULT);
        if (d->is_privileged)
            console_write(text, n);
        else
            log_lines(d, text, n);
        done += n;
    }
    return 0;
}

/* Returns the number of bytes read; what does not fit stays for the next call. */
static long read_console(int count, uint64_t buffer)
{
    char text[CHUNK];
    int done = 0;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);

    while (done < count) {
        size_t n = console_read(text, MIN(count - done, CHUNK));

        if (n == 0)
            break;
        if (!copy_to_guest(buffer + done, text, n))
            return refuse(-EFAULT);
        done += n;
    }
    return done;
}

long do_console_io(int cmd, int count, uint64_t buffer)
{
    if (count < 0)
        return refuse(-EINVAL);
    switch (cmd) {
    case CONSOLEIO_write:
        return write_console(count, buffer);
    case CONSOLEIO_read:
        return read_console(count, buffer);
    default:
        return refuse(-ENOSYS);
    }
}
