/* The ways out: sleep, reset, halt. All are written to work from a panic: no lock is taken. */
#include "x86/power.h"

#include "control/console.h"
#include "lib/printk.h"
#include "memory/hypmap.h"
#include "time/time.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/smp.h"

#define PM1_SLEEP_ENABLE (1u << 13)

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_PULSE_RESET 0xfe

#define RESET_CONTROL 0xcf9
#define RESET_CONTROL_SYSTEM 0x02
#define RESET_CONTROL_FULL 0x0e

static volatile uint8_t *reset_register;

/* Domain0's last word on how this machine sleeps: it alone reads the ACPI byte code. */
static struct {
    bool known;
    uint32_t pm1a, pm1b;
} soft_off;

void power_init(void)
{
    if (!acpi.reset.valid || acpi.reset.is_io)
        return;
    reset_register = map_device(maddr(acpi.reset.address & PAGE_MASK), PAGE_SIZE);
    if (reset_register)
        reset_register += acpi.reset.address & (PAGE_SIZE - 1);
}

void acpi_enter_sleep(uint32_t pm1a_value, uint32_t pm1b_value)
{
    soft_off.known = true;
    soft_off.pm1a = pm1a_value | PM1_SLEEP_ENABLE;
    soft_off.pm1b = pm1b_value | PM1_SLEEP_ENABLE;
    if (!acpi.pm1a_control)
        return;
    console_drain();
    wbinvd();
    outw(acpi.pm1a_control, soft_off.pm1a);
    if (acpi.pm1b_control)
        outw(acpi.pm1b_control, soft_off.pm1b);
}

static void reset_by_acpi(void)
{
    if (!acpi.reset.valid)
        return;
    if (acpi.reset.is_io)
        outb(acpi.reset.address, acpi.reset.value);
    else if (reset_register)
        *reset_register = acpi.reset.value;
    udelay(50000);
}

static void reset_by_chipset(void)
{
    uint8_t value = inb(RESET_CONTROL) & ~RESET_CONTROL_FULL;

    outb(RESET_CONTROL, value | RESET_CONTROL_SYSTEM);
    udelay(50);
    outb(RESET_CONTROL, value | RESET_CONTROL_FULL);
    udelay(50000);
}

static void reset_by_keyboard(void)
{
    for (unsigned tries = 0; tries < 10; tries++) {
        for (unsigned i = 0; i < 1000 && inb(KEYBOARD_COMMAND) & KEYBOARD_INPUT_FULL; i++)
            udelay(2);
        outb(KEYBOARD_COMMAND, KEYBOARD_PULSE_RESET);
        udelay(50);
    }
}

static void reset_by_triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) empty = {0, 0};

    asm volatile("lidt %0; int3" ::"m"(empty));
}

void machine_reset(void)
{
    irq_disable();
    smp_stop_others();
    console_drain();
    reset_by_acpi();
    reset_by_chipset();
    reset_by_keyboard();
    reset_by_triple_fault();
    machine_halt();
}

void machine_halt(void)
{
    irq_disable();
    smp_stop_others();
    for (;;)
        asm volatile("cli; hlt" ::: "memory");
}

void machine_poweroff(void)
{
    irq_disable();
    smp_stop_others();
    if (soft_off.known) {
        acpi_enter_sleep(soft_off.pm1a, soft_off.pm1b);
        udelay(2000000);
    }
    log_info("power: halted; it is safe to switch off");
    machine_halt();
}
