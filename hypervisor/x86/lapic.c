/* The local APIC (SDM volume 3, chapter 11): set-up, timer, interrupts between processors.
 * Registers are MSRs in x2APIC mode and memory otherwise; destinations are physical APIC ids. */
#include "x86/lapic.h"

#include "boot/boot.h"
#include "lib/assert.h"
#include "lib/bitmap.h"
#include "lib/printk.h"
#include "memory/hypmap.h"
#include "time/time.h"
#include "x86/cpu.h"
#include "x86/irq.h"
#include "x86/smp.h"

/* Register offsets in memory; the MSR number is MSR_X2APIC_BASE + offset / 16. */
enum lapic_register {
    LAPIC_ID = 0x20,
    LAPIC_VERSION = 0x30,
    LAPIC_TASK_PRIORITY = 0x80,
    LAPIC_EOI = 0xb0,
    LAPIC_SPURIOUS = 0xf0,
    LAPIC_ERROR_STATUS = 0x280,
    LAPIC_COMMAND = 0x300,
    LAPIC_COMMAND_HIGH = 0x310,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_THERMAL = 0x330,
    LAPIC_LVT_PERF = 0x340,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_X2APIC (UINT64_C(1) << 10)
#define APIC_BASE_ENABLE (UINT64_C(1) << 11)
#define APIC_BASE_ADDRESS UINT64_C(0x000ffffffffff000)

#define SPURIOUS_APIC_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_NMI 0x400u
#define LVT_TSC_DEADLINE 0x40000u
#define DIVIDE_BY_4 0x1u

#define COMMAND_NMI 0x400u
#define COMMAND_INIT 0x500u
#define COMMAND_STARTUP 0x600u
#define COMMAND_PENDING 0x1000u
#define COMMAND_ASSERT 0x4000u

#define MSR_TSC_DEADLINE 0x6e0

#define CPUID1_C_X2APIC (1u << 21)
#define CPUID1_C_TSC_DEADLINE (1u << 24)
#define CPUID1_D_APIC (1u << 9)

static volatile uint8_t *registers; /* NULL in x2APIC mode */
static uint64_t base_address;
static bool x2apic, tsc_deadline;
/* Timer ticks per nanosecond, 32 fractional bits. */
static uint64_t ticks_per_nsec;

static uint32_t lapic_read(enum lapic_register r)
{
    if (x2apic)
        return rdmsr(MSR_X2APIC_BASE + r / 16);
    return *(volatile uint32_t *)(registers + r);
}

static void lapic_write(enum lapic_register r, uint32_t value)
{
    if (x2apic)
        wrmsr(MSR_X2APIC_BASE + r / 16, value);
    else
        *(volatile uint32_t *)(registers + r) = value;
}

uint32_t lapic_id(void)
{
    return x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
    lapic_write(LAPIC_EOI, 0);
}

mfn_t lapic_page(void)
{
    return mfn(base_address >> PAGE_SHIFT);
}

/* x2APIC by option, or because firmware has it on already (there is no way back but through off,
 * and firmware that turns it on may have ids above 255). */
static void choose_mode(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);
    struct cpuid_regs features = cpuid(1, 0);

    if (!(features.d & CPUID1_D_APIC))
        panic("this processor has no local APIC");
    base_address = base & APIC_BASE_ADDRESS;
    x2apic = (features.c & CPUID1_C_X2APIC) && (options.x2apic || (base & APIC_BASE_X2APIC));
    tsc_deadline = features.c & CPUID1_C_TSC_DEADLINE;
    if (x2apic)
        return;
    registers = map_device(maddr(base_address), PAGE_SIZE);
    if (!registers)
        panic("no room to map the local APIC at 0x%lx", (unsigned long)base_address);
}

static void enable(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

    /* From off to x2APIC leads through xAPIC mode (SDM figure 11-27). */
    wrmsr(MSR_APIC_BASE, base);
    if (x2apic)
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

void lapic_init_cpu(void)
{
    enable();
    lapic_write(LAPIC_TASK_PRIORITY, 0);
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_APIC_ENABLE | VEC_LAPIC_SPURIOUS);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VEC_LAPIC_TIMER);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    /* By the MP specification's convention the NMI line is LINT1 of every processor; what reaches
     * the others is the chip set's choice. */
    lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
    if ((lapic_read(LAPIC_VERSION) >> 16 & 0xff) >= 4)
        lapic_write(LAPIC_LVT_PERF, LVT_MASKED);
    lapic_write(LAPIC_ERROR_STATUS, 0);
    lapic_write(LAPIC_LVT_ERROR, VEC_LAPIC_ERROR);
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_4);
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_LVT_TIMER, VEC_LAPIC_TIMER | (tsc_deadline ? LVT_TSC_DEADLINE : 0));
    /* In memory-mapped mode the switch to deadline mode must be done before the MSR is written. */
    asm volatile("mfence" ::: "memory");
}

static void calibrate_timer(void)
{
    uint64_t khz = tsc_khz(), start, elapsed;
    uint32_t ticks;

    if (!tsc_deadline) {
        lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VEC_LAPIC_TIMER);
        start = rdtsc_ordered();
        lapic_write(LAPIC_TIMER_INITIAL, ~0u);
        udelay(10000);
        ticks = ~0u - lapic_read(LAPIC_TIMER_CURRENT);
        elapsed = rdtsc_ordered() - start;
        lapic_write(LAPIC_TIMER_INITIAL, 0);
        lapic_write(LAPIC_LVT_TIMER, VEC_LAPIC_TIMER);
        khz = ticks * khz / elapsed;
    }
    if (khz == 0)
        panic("the local APIC timer does not run");
    ticks_per_nsec = (khz << 32) / 1000000;
    log_info("lapic: %s, timer %lu kHz%s", x2apic ? "x2APIC" : "xAPIC", (unsigned long)khz,
             tsc_deadline ? " (TSC deadline)" : "");
}

void lapic_init(void)
{
    choose_mode();
    lapic_init_cpu();
    calibrate_timer();
}

static uint64_t nsec_to_ticks(nsec_t delta)
{
    unsigned __int128 ticks = (unsigned __int128)(uint64_t)delta * ticks_per_nsec >> 32;

    return ticks < UINT64_MAX ? (uint64_t)ticks : UINT64_MAX;
}

void lapic_timer_arm(nsec_t delta)
{
    uint64_t ticks = delta > 0 ? nsec_to_ticks(MIN(delta, INT64_C(1) << 50)) : 0;

    if (tsc_deadline)
        wrmsr(MSR_TSC_DEADLINE, delta ? rdtsc() + ticks : 0);
    else if (delta)
        lapic_write(LAPIC_TIMER_INITIAL, MIN(MAX(ticks, 1), UINT32_MAX));
    else
        lapic_write(LAPIC_TIMER_INITIAL, 0);
}

/* Sends what `command` says to one APIC. The two halves of the memory-mapped register are one
 * command: no interrupt handler may send another in between. */
static void send(uint32_t apic_id, uint32_t command)
{
    unsigned long flags;

    if (x2apic) {
        /* A write to the MSR does not wait for earlier stores to be seen; the target must see them.
         */
        asm volatile("mfence; lfence" ::: "memory");
        wrmsr(MSR_X2APIC_BASE + LAPIC_COMMAND / 16, (uint64_t)apic_id << 32 | command);
        return;
    }
    flags = irq_save();
    while (lapic_read(LAPIC_COMMAND) & COMMAND_PENDING)
        cpu_relax();
    lapic_write(LAPIC_COMMAND_HIGH, apic_id << 24);
    lapic_write(LAPIC_COMMAND, command);
    irq_restore(flags);
}

void lapic_send_ipi(unsigned cpu, uint8_t vector)
{
    send(cpu_apic_id[cpu], COMMAND_ASSERT | vector);
}

void lapic_send_ipi_mask(const void *cpumask, uint8_t vector)
{
    const cpumask_t *cpus = cpumask;
    unsigned cpu;

    for_each_cpu (cpu, cpus)
        lapic_send_ipi(cpu, vector);
}

void lapic_send_init(uint32_t apic_id)
{
    send(apic_id, COMMAND_ASSERT | COMMAND_INIT);
}

void lapic_send_startup(uint32_t apic_id, uint8_t page)
{
    send(apic_id, COMMAND_ASSERT | COMMAND_STARTUP | page);
}

void lapic_send_nmi(unsigned cpu)
{
    send(cpu_apic_id[cpu], COMMAND_ASSERT | COMMAND_NMI);
}

void lapic_error_interrupt(void)
{
    static unsigned reported;

    /* The register shows what happened since the write before last. */
    lapic_write(LAPIC_ERROR_STATUS, 0);
    if (reported++ < 10)
        log_err("lapic %u: error status 0x%x", lapic_id(), lapic_read(LAPIC_ERROR_STATUS));
    lapic_eoi();
}
