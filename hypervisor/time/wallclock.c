/* Wall-clock time: the Unix time at which real time was zero. From the CMOS clock at boot, from
 * Domain0 (which runs NTP) afterwards. */
#include "domain/domain.h"
#include "lib/abi32.h"
#include "lib/spinlock.h"
#include "time/clock.h"
#include "time/time.h"
#include "x86/cpu.h"

static spinlock_t wallclock_lock = SPINLOCK_INIT(LOCK_TIMER);
static uint64_t boot_sec;
static uint32_t boot_nsec;

static BOOT_CODE uint8_t cmos(uint8_t index)
{
    outb(0x70, index);
    return inb(0x71);
}

static BOOT_CODE unsigned decode(uint8_t value, bool binary)
{
    return binary ? value : (value >> 4) * 10u + (value & 0x0f);
}

/* Days since 1970-01-01 of a Gregorian date: whole 400-year cycles, with years that begin in March
 * so that the leap day comes last. */
static BOOT_CODE int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y % 400;
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

BOOT_CODE void wallclock_init(void)
{
    unsigned second, minute, hour, day, month, year;
    uint8_t raw_hour;
    bool binary = cmos(0x0b) & 0x04, twelve = !(cmos(0x0b) & 0x02);

    do {
        while (cmos(0x0a) & 0x80)
            cpu_relax();
        second = decode(cmos(0), binary);
        minute = decode(cmos(2), binary);
        raw_hour = cmos(4);
        day = decode(cmos(7), binary);
        month = decode(cmos(8), binary);
        year = 2000 + decode(cmos(9), binary);
    } while (decode(cmos(0), binary) != second);
    hour = decode(raw_hour & 0x7f, binary);
    if (twelve)
        hour = hour % 12 + (raw_hour & 0x80 ? 12 : 0);
    boot_sec =
        (uint64_t)days_from_date(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

/* The version is odd while the clock is being written. `s` is of either width: the members have the
 * same names in both. */
#define SHOW_CLOCK(s, sec_hi, sec, nsec)                                                           \
    do {                                                                                           \
        WRITE_ONCE((s)->wc_version, (s)->wc_version + 1);                                          \
        __atomic_thread_fence(__ATOMIC_SEQ_CST);                                                   \
        (s)->wc_sec = (uint32_t)(sec);                                                             \
        (s)->wc_nsec = nsec;                                                                       \
        (s)->sec_hi = (sec) >> 32;                                                                 \
        __atomic_thread_fence(__ATOMIC_SEQ_CST);                                                   \
        WRITE_ONCE((s)->wc_version, (s)->wc_version + 1);                                          \
    } while (0)

/* Domain list lock: a domain that dies gives its page back under it. */
static void show(struct domain *d)
{
    unsigned long flags = spin_lock_irqsave(&wallclock_lock);
    uint64_t sec = boot_sec + d->time.offset_sec;

    if (d->is_compat)
        SHOW_CLOCK((struct shared_info_x86_32 *)d->shared_info, arch.wc_sec_hi, sec, boot_nsec);
    else
        SHOW_CLOCK(d->shared_info, wc_sec_hi, sec, boot_nsec);
    spin_unlock_irqrestore(&wallclock_lock, flags);
}

void time_update_wallclock(struct domain *d)
{
    spin_lock(&domain_list_lock);
    show(d);
    spin_unlock(&domain_list_lock);
}

void time_set_wallclock(uint64_t sec, uint32_t nsec, nsec_t system_time)
{
    struct domain *d;
    unsigned long flags;
    uint64_t ns;

    /* Unix time at real time zero; whole seconds and the rest apart, as years in ns overflow. */
    flags = spin_lock_irqsave(&wallclock_lock);
    ns = (uint64_t)NSEC_PER_SEC + nsec - (uint64_t)(system_time % NSEC_PER_SEC);
    boot_sec = sec - (uint64_t)(system_time / NSEC_PER_SEC) - 1 + ns / NSEC_PER_SEC;
    boot_nsec = ns % NSEC_PER_SEC;
    spin_unlock_irqrestore(&wallclock_lock, flags);
    spin_lock(&domain_list_lock);
    list_for_each (d, &domain_list, all)
        if (d->shared_info)
            show(d);
    spin_unlock(&domain_list_lock);
}

void time_set_offset(struct domain *d, int64_t seconds)
{
    WRITE_ONCE(d->time.offset_sec, seconds);
    time_update_wallclock(d);
}
