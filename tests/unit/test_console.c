/* sources: hypervisor/control/console.c hypervisor/lib/spinlock.c tests/host/panic.c */
/* What is typed on the serial line: to Domain0 or to Ringfort, in the order in which it came. */
#include <string.h>

#include "boot/boot.h"
#include "control/console.h"
#include "control/console_backend.h"
#include "domain/domain.h"
#include "event/event.h"
#include "lib/printk.h"
#include "schedule/schedule.h"
#include "time/timer.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"

#include "check.h"

#define CTRL_A "\1"

struct boot_info boot_info;
struct domain *domain0;
struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;

static const char *line = "";
static char keys[16];
static unsigned works, virqs;
static bool another_comes;

bool serial_init(void)
{
    return true;
}

void serial_write(const char *s, size_t n)
{
}

void serial_drain(void)
{
}

bool serial_read(char *c)
{
    if (*line == '\0')
        return false;
    *c = *line++;
    return true;
}

void serial_enable_interrupt(void)
{
}

unsigned serial_gsi(void)
{
    return 4;
}

bool screen_init(void)
{
    return false;
}

void screen_write(const char *s, size_t n)
{
}

int irq_claim_console(unsigned gsi)
{
    return 0;
}

void timer_init(struct timer *t, enum timer_kind kind, void *owner, unsigned cpu)
{
}

void timer_set(struct timer *t, nsec_t at)
{
}

nsec_t now(void)
{
    return 0;
}

void work_raise(unsigned cpu, enum cpu_work work)
{
    works++;
}

void event_send_global_virq(unsigned virq)
{
    virqs++;
}

void debug_key(char key)
{
    /* A second processor comes while this one is at a key. */
    if (another_comes)
        console_work();
    strncat(keys, &key, 1);
}

void log_at(enum log_level level, const char *format, ...)
{
}

static void type(const char *text)
{
    line = text;
    console_interrupt();
    console_work();
}

static void test_order(void)
{
    char text[16] = "";

    type("ab");
    CHECK_EQ(virqs, 1);
    type("c" CTRL_A "d");
    CHECK_EQ(console_read(text, 2), 2);
    CHECK_EQ(console_read(text + 2, sizeof(text) - 2), 3);
    CHECK(!strcmp(text, "abc" CTRL_A "d"));
    CHECK_EQ(console_read(text, sizeof(text)), 0);
}

static void test_debug_keys(void)
{
    char text[4];

    another_comes = true;
    type(CTRL_A CTRL_A CTRL_A "xyz");
    CHECK(!strcmp(keys, "xyz"));
    type("w" CTRL_A CTRL_A CTRL_A "d");
    CHECK(!strcmp(keys, "xyzw"));
    CHECK_EQ(console_read(text, sizeof(text)), 1);
    CHECK_EQ(text[0], 'd');
}

int main(void)
{
    console_init_early("");
    console_init_interrupts();
    test_order();
    test_debug_keys();
    CHECK_EQ(works, 4);
    return check_report();
}
