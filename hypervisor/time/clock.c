/*
 * Real time: TSC ticks since a stamp, scaled, plus the stamp's time. One scale for all CPUs, one
 * stamp for each, so that CPUs whose counters started apart still agree.
 */
#include "lib/printk.h"
#include "time/clock.h"
#include "time/handshake.h"
#include "time/time.h"
#include "time/timer.h"
#include "time/tsc_scale.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/smp.h"

#define PIT_HZ 1193182u
#define PM_TIMER_HZ 3579545u
#define CALIBRATION_MSEC 50
#define HANDSHAKES 8

static struct clock_stamp stamps[MAX_CPUS];
static struct tsc_scale scale;
static uint64_t tsc_hz;
/* Handshake with a starting CPU: time at a TSC value of CPU 0's choosing. */
static uint64_t handshake_request, handshake_answer;
static nsec_t handshake_time;

uint64_t tsc_khz(void)
{
    return tsc_hz / 1000;
}

struct tsc_scale clock_scale(void)
{
    return scale;
}

struct clock_stamp clock_stamp(void)
{
    return stamps[this_cpu()];
}

nsec_t clock_at(uint64_t tsc)
{
    const struct clock_stamp *s = &stamps[this_cpu()];

    return s->time + tsc_scale(scale, tsc - s->tsc);
}

nsec_t now(void)
{
    return scale.mul ? clock_at(rdtsc_ordered()) : 0;
}

/* PIT channel 2 counts down once from `ticks`; port 0x61 bit 5 shows the end. */
static void pit_one_shot(uint16_t ticks)
{
    outb(0x61, (inb(0x61) & ~0x02) | 0x01);
    outb(0x43, 0xb0);
    outb(0x42, ticks & 0xff);
    outb(0x42, ticks >> 8);
}

static BOOT_CODE uint64_t calibrate_by_pit(void)
{
    const uint16_t ticks = PIT_HZ / 1000 * CALIBRATION_MSEC;
    uint64_t start, end;

    pit_one_shot(ticks);
    start = rdtsc_ordered();
    while (!(inb(0x61) & 0x20))
        ;
    end = rdtsc_ordered();
    return (end - start) * PIT_HZ / ticks;
}

/* One reading of the PM timer with the TSC around it. The tightest of a few is kept, because an
 * interruption by firmware or by the machine's own hypervisor can fall between the two. */
static BOOT_CODE uint32_t read_pm_timer(uint64_t *tsc)
{
    uint64_t best = UINT64_MAX;
    uint32_t value = 0;

    for (int i = 0; i < 8; i++) {
        uint64_t before = rdtsc_ordered();
        uint32_t v = inl(acpi.pm_timer_port);
        uint64_t width = rdtsc_ordered() - before;

        if (width < best) {
            best = width;
            value = v;
            *tsc = before + width / 2;
        }
    }
    return value & 0xffffff;
}

static BOOT_CODE uint64_t calibrate_by_pm_timer(void)
{
    uint64_t tsc_start, tsc_end;
    uint32_t start = read_pm_timer(&tsc_start), ticks;

    do {
        ticks = (read_pm_timer(&tsc_end) - start) & 0xffffff;
    } while (ticks < PM_TIMER_HZ / 1000 * CALIBRATION_MSEC && tsc_end - tsc_start < 1ULL << 34);
    return ticks ? (tsc_end - tsc_start) * PM_TIMER_HZ / ticks : 0;
}

BOOT_CODE void time_init(void)
{
    if (acpi.pm_timer_port)
        tsc_hz = calibrate_by_pm_timer();
    if (tsc_hz < 1000000)
        tsc_hz = calibrate_by_pit();
    scale = tsc_scale_from_hz(tsc_hz);
    stamps[this_cpu()] = (struct clock_stamp){.tsc = rdtsc_ordered(), .time = 0};
    wallclock_init();
    log_info("TSC runs at %lu.%03lu MHz", tsc_hz / 1000000, tsc_hz / 1000 % 1000);
}

/* The boot CPU's half of the handshake; its interrupts may be on. */
void time_serve_handshake(void)
{
    if (!__atomic_load_n(&handshake_request, __ATOMIC_ACQUIRE))
        return;
    handshake_time = now();
    __atomic_store_n(&handshake_request, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&handshake_answer, 1, __ATOMIC_RELEASE);
}

static struct handshake ask_boot_cpu(void)
{
    struct handshake h = {.sent = rdtsc_ordered()};

    __atomic_store_n(&handshake_request, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&handshake_answer, __ATOMIC_ACQUIRE))
        cpu_relax();
    h.width = rdtsc_ordered() - h.sent;
    h.answer = handshake_time;
    __atomic_store_n(&handshake_answer, 0, __ATOMIC_RELAXED);
    return h;
}

/* With counters that agree in every round, as far as can be told, the boot CPU's own stamp is kept,
 * which leaves synchronised counters exactly synchronised. */
void time_init_cpu(void)
{
    struct handshake best = {.width = UINT64_MAX};
    bool agrees = true;

    for (int i = 0; i < HANDSHAKES; i++) {
        struct handshake h = ask_boot_cpu();

        agrees = agrees && handshake_agrees(scale, stamps[0], h);
        if (h.width < best.width)
            best = h;
    }
    stamps[this_cpu()] = agrees ? stamps[0] : handshake_stamp(best);
    if (!agrees)
        cpu_features.stable_tsc = false;
}

void time_tell(nsec_t *answer)
{
    WRITE_ONCE(*answer, now());
}

void time_check(void)
{
    unsigned cpu, apart = 0;
    uint64_t widest = 0;

    for_each_cpu (cpu, &cpus_online) {
        struct handshake h = {.sent = rdtsc_ordered()};
        cpumask_t only = {0};

        if (cpu == this_cpu())
            continue;
        bit_set(only.bits, cpu);
        smp_call(&only, REMOTE_TELL_TIME, (uint64_t)&h.answer);
        h.width = rdtsc_ordered() - h.sent;
        widest = MAX(widest, h.width);
        if (!handshake_agrees(scale, clock_stamp(), h)) {
            log_warn("CPU%u's clock does not agree with CPU%u's", cpu, this_cpu());
            cpu_features.stable_tsc = false;
            apart++;
        }
    }
    log_err("clocks: %u do not agree to within %ld ns", apart, tsc_scale(scale, widest));
}

void udelay(unsigned usec)
{
    uint64_t start = rdtsc_ordered(), ticks = usec * (tsc_hz ? tsc_hz : 1000000000) / 1000000;

    while (rdtsc_ordered() - start < ticks)
        cpu_relax();
}
