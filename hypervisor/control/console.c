/* The console's front end: what is written goes to the ring and to every back end. */
#include "control/console.h"

#include "boot/boot.h"
#include "control/console_backend.h"
#include "domain/domain.h"
#include "event/event.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "schedule/schedule.h"
#include "time/timer.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"

#define RING_SIZE 0x10000u /* power of two */
#define INPUT_SIZE 1024u   /* power of two */
#define POLL_PERIOD (20 * NSEC_PER_MSEC)

#define CTRL_A 1
#define SWITCHES 3 /* Ctrl-A this often in a row changes who gets the input */

static spinlock_t lock = SPINLOCK_INIT(LOCK_CONSOLE);
static bool lock_ignored;
static bool use_serial, use_screen, screen_wanted;

/* Positions count bytes from the beginning; the ring keeps the last RING_SIZE of them. */
static char ring[RING_SIZE];
static uint32_t ring_end, ring_cleared;
static bool ring_grew;

/* Received bytes on their way to Domain0; filled by console_work, emptied by console_read. */
static char input[INPUT_SIZE];
static uint32_t input_begin, input_end;
/* Received bytes not yet looked at; filled by the interrupt. */
static char received[INPUT_SIZE];
static uint32_t received_begin, received_end;
/* Some processor looks at them: one at a time, or they would overtake each other. */
static bool is_looking;

static bool keys_to_ringfort;
static unsigned switches_seen;
static struct timer poll_timer;
static bool polling;

static unsigned long console_lock(void)
{
    return lock_ignored ? irq_save() : spin_lock_irqsave(&lock);
}

static void console_unlock(unsigned long flags)
{
    if (lock_ignored)
        irq_restore(flags);
    else
        spin_unlock_irqrestore(&lock, flags);
}

void console_force_unlock(void)
{
    lock_ignored = true;
}

static void show(const char *s, size_t n)
{
    if (use_serial)
        serial_write(s, n);
    if (use_screen)
        screen_write(s, n);
}

/* Shows on one back end that starts now what the ring has kept. */
static void replay(void (*write)(const char *s, size_t n))
{
    uint32_t start = ring_end > RING_SIZE ? ring_end - RING_SIZE : 0;

    for (uint32_t i = start; i < ring_end; i++)
        write(&ring[i % RING_SIZE], 1);
}

/* True when `name` stands in the comma-separated list of a console= option; without one, `absent`.
 */
static bool console_named(const char *cmdline, const char *name, bool absent)
{
    const char *list = strstr(cmdline, "console=");
    size_t n = strlen(name);

    /* sync_console= and the like are other options. */
    while (list != NULL && list != cmdline && list[-1] != ' ')
        list = strstr(list + 1, "console=");
    if (list == NULL)
        return absent;
    for (const char *at = list + strlen("console="); *at != '\0' && *at != ' ';) {
        size_t length = 0;
        while (at[length] != '\0' && at[length] != ' ' && at[length] != ',')
            length++;
        if (length == n && strncmp(at, name, n) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

void console_init_early(const char *cmdline)
{
    screen_wanted = console_named(cmdline, "vga", false);
    if (!console_named(cmdline, "com1", true) || !serial_init())
        return;
    replay(serial_write);
    use_serial = true;
}

void console_init_screen(void)
{
    if (!screen_wanted || boot_info.framebuffer.is_graphics || !screen_init())
        return;
    replay(screen_write);
    use_screen = true;
}

void console_leave_screen(void)
{
    use_screen = false;
}

void console_init_interrupts(void)
{
    if (!use_serial)
        return;
    if (serial_gsi() != 0 && irq_claim_console(serial_gsi()) == 0) {
        serial_enable_interrupt();
        return;
    }
    polling = true;
    timer_init(&poll_timer, TIMER_CONSOLE_POLL, NULL, this_cpu());
    timer_set(&poll_timer, now() + POLL_PERIOD);
}

void console_write(const char *s, size_t n)
{
    unsigned long flags = console_lock();

    for (size_t i = 0; i < n; i++)
        ring[ring_end++ % RING_SIZE] = s[i];
    show(s, n);
    ring_grew = true;
    console_unlock(flags);
    if (domain0 != NULL && !lock_ignored)
        work_raise(this_cpu(), WORK_CONSOLE);
}

void console_drain(void)
{
    if (use_serial)
        serial_drain();
}

size_t console_ring_read(char *buf, size_t n, uint32_t *index, bool clear, bool incremental)
{
    unsigned long flags = console_lock();
    uint32_t oldest = ring_end > RING_SIZE ? ring_end - RING_SIZE : 0;
    uint32_t at = incremental ? *index : ring_cleared;
    size_t copied = 0;

    if (at < oldest || at > ring_end)
        at = oldest;
    while (copied < n && at != ring_end)
        buf[copied++] = ring[at++ % RING_SIZE];
    *index = at;
    if (clear)
        ring_cleared = ring_end;
    console_unlock(flags);
    return copied;
}

void console_interrupt(void)
{
    unsigned long flags = console_lock();
    char c;

    while (serial_read(&c))
        if (received_end - received_begin < INPUT_SIZE)
            received[received_end++ % INPUT_SIZE] = c;
    bool any = received_begin != received_end;
    console_unlock(flags);

    if (any)
        work_raise(this_cpu(), WORK_CONSOLE);
    if (polling)
        timer_set(&poll_timer, now() + POLL_PERIOD);
}

static bool begin_looking(void)
{
    unsigned long flags = console_lock();
    bool was_looking = is_looking;

    is_looking = true;
    console_unlock(flags);
    return !was_looking;
}

/* Ends looking when there is none: what is received from then on is for who begins next. */
static bool next_received(char *c)
{
    unsigned long flags = console_lock();
    bool any = received_begin != received_end;

    if (any)
        *c = received[received_begin++ % INPUT_SIZE];
    is_looking = any;
    console_unlock(flags);
    return any;
}

static void input_for_domain0(char c)
{
    unsigned long flags = console_lock();

    if (input_end - input_begin < INPUT_SIZE)
        input[input_end++ % INPUT_SIZE] = c;
    console_unlock(flags);
}

static void switch_input(void)
{
    keys_to_ringfort = !keys_to_ringfort;
    log_err("keyboard input goes to %s (Ctrl-A %u times switches)",
            keys_to_ringfort ? "Ringfort: h lists keys" : "Domain0", SWITCHES);
}

static void take_typed(char c)
{
    if (keys_to_ringfort)
        debug_key(c);
    else
        input_for_domain0(c);
}

/* A Ctrl-A waits for the next key: it may be part of a switch and then is nobody's input. */
static void take_key(char c)
{
    if (c == CTRL_A) {
        if (++switches_seen == SWITCHES) {
            switches_seen = 0;
            switch_input();
        }
        return;
    }
    for (; switches_seen > 0; switches_seen--)
        if (!keys_to_ringfort)
            input_for_domain0(CTRL_A);
    take_typed(c);
}

void console_work(void)
{
    bool any = false;
    char c;

    if (begin_looking()) {
        while (next_received(&c)) {
            take_key(c);
            any = true;
        }
    }
    if (any && !keys_to_ringfort)
        event_send_global_virq(VIRQ_CONSOLE);
    if (__atomic_exchange_n(&ring_grew, false, __ATOMIC_RELAXED))
        event_send_global_virq(VIRQ_CON_RING);
}

size_t console_read(char *buf, size_t n)
{
    unsigned long flags = console_lock();
    size_t copied = 0;

    while (copied < n && input_begin != input_end)
        buf[copied++] = input[input_begin++ % INPUT_SIZE];
    console_unlock(flags);
    return copied;
}
