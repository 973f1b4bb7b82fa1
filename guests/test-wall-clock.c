/* Domain0 sets the wall clock again and again; a second instance of this guest, unprivileged beside
 * it, follows: what it reads by the version protocol is always one of the settings, none of an
 * earlier one than before, and the last in the end. It tells by its shutdown code how it fared. */
#include "guest.h"

#define FIRST 2000000000ULL
#define SETTINGS 200
#define NSEC_PER_SETTING 1000

static uint64_t read_wall_clock(uint32_t *nsec)
{
    const volatile struct shared_info *s = shared_info;
    uint64_t seconds;
    uint32_t version;

    do {
        version = s->wc_version;
        asm volatile("lfence" : : : "memory");
        seconds = (uint64_t)s->WC_SEC_HI << 32 | s->wc_sec;
        *nsec = s->wc_nsec;
        asm volatile("lfence" : : : "memory");
    } while ((version & 1) || version != s->wc_version);
    return seconds;
}

static void __attribute__((noreturn)) follow(void)
{
    struct sched_shutdown shutdown = {.reason = SHUTDOWN_poweroff};
    uint64_t seconds = 0, last = FIRST;
    uint32_t nsec;

    while (seconds != FIRST + SETTINGS) {
        seconds = read_wall_clock(&nsec);
        /* Not yet set: the machine's own, of this century's first third. */
        if (seconds < FIRST)
            continue;
        if (seconds < last || nsec != (seconds - FIRST) * NSEC_PER_SETTING)
            shutdown.reason = SHUTDOWN_crash;
        last = seconds;
    }
    for (;;)
        sched_op(SCHEDOP_shutdown, &shutdown);
}

/* As if system time were 0, so that the wall clock's parts are the setting itself. */
static void set_wall_clock(unsigned setting)
{
    struct xen_platform_op op = {
        .cmd = XENPF_settime64,
        .interface_version = XENPF_INTERFACE_VERSION,
        .u.settime64 = {.secs = FIRST + setting, .nsecs = setting * NSEC_PER_SETTING},
    };

    CHECK_EQ(hypercall1(__HYPERVISOR_platform_op, (unsigned long)&op), 0);
}

void test(void)
{
    uint32_t nsec;

    if (is_beside())
        follow();
    for (unsigned i = 1; i <= SETTINGS; i++) {
        set_wall_clock(i);
        CHECK_EQ(read_wall_clock(&nsec), FIRST + i);
        CHECK_EQ(nsec, i * NSEC_PER_SETTING);
        /* Let the other one have the processor, if it is one. */
        sleep_for(MILLISECOND / 2);
    }
    beside_wait(20 * SECOND);
}
