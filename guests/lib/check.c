#include "check.h"

#include "beside.h"
#include "console.h"
#include "hypercall.h"
#include "print.h"

#include "interface/ringfort.h"

/* PM1 control: SLP_EN, with the sleep type 0 that QEMU and Bochs give to S5. */
#define ACPI_SLEEP_ENABLE (1U << 13)

static unsigned passed, failed;

static void count(bool holds)
{
    __atomic_fetch_add(holds ? &passed : &failed, 1, __ATOMIC_RELAXED);
}

bool check_true(bool holds, const char *file, int line, const char *text)
{
    count(holds);
    if (!holds)
        print("%s:%d: failed: %s\n", file, line, text);
    return holds;
}

bool check_equal(long long got, long long want, const char *file, int line, const char *text,
                 const char *wanted)
{
    count(got == want);
    if (got != want)
        print("%s:%d: failed: %s is %lld (0x%llx), not %s = %lld (0x%llx)\n", file, line, text, got,
              got, wanted, want, want);
    return got == want;
}

bool is_refusal(long result)
{
    if (result == -XEN_EBUSY || result == -XEN_EPERM || result == -XEN_ENXIO)
        return hypercall2(RINGFORT_HYPERCALL, RINGFORT_OP_version, 0) < 0;
    return result == -XEN_EINVAL;
}

bool check_refusal(long got, const char *file, int line, const char *text)
{
    bool holds = is_refusal(got);

    count(holds);
    if (!holds)
        print("%s:%d: failed: %s is %ld, no refusal\n", file, line, text, got);
    return holds;
}

static void __attribute__((noreturn)) power_off(void)
{
    struct sched_shutdown shutdown = {.reason = failed ? SHUTDOWN_crash : SHUTDOWN_poweroff};
    struct xen_platform_op sleep = {
        .cmd = XENPF_enter_acpi_sleep,
        .interface_version = XENPF_INTERFACE_VERSION,
        .u.enter_acpi_sleep = {.sleep_state = 5, .val_a = ACPI_SLEEP_ENABLE},
    };

    /* Only a Domain0 is heard, and only emulated machines are known to mean "off" by this. */
    console_flush();
    hypercall1(__HYPERVISOR_platform_op, (unsigned long)&sleep);
    for (;;)
        hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, (unsigned long)&shutdown);
}

long check_recount(void)
{
    static char key[] = "O";
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_debug_keys,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
        .u.debug_keys.nr_keys = 1,
    };

    set_xen_guest_handle(op.u.debug_keys.keys, key);
    return hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op);
}

void check_end(void)
{
    check_recount();
    print("%u checks\n", passed + failed);
    /* On the console that Domain0's test writes to as well, the verdict is that one's to give. */
    if (is_beside() && !console_is_own() && !failed && passed)
        power_off();
    if (failed)
        print("TEST FAIL: %u of %u checks failed\n", failed, passed + failed);
    else if (!passed)
        print("TEST FAIL: nothing was checked\n");
    else
        print("TEST PASS\n");
    power_off();
}

void check_abort(const char *reason)
{
    failed++;
    print("TEST FAIL: %s\n", reason);
    power_off();
}
