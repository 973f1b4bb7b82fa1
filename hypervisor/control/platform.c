/* XENPF_*: what Domain0 does for the machine as a whole, and asks about it. */
#include "hypercall/hypercall.h"

#include <xen/platform.h>

#include "control/firmware.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "time/time.h"
#include "x86/acpi.h"
#include "x86/smp.h"

/* Nanoseconds of a second; a guest's larger ones would only confuse every other guest's clock. */
static long set_time(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
    if (nsecs >= NSEC_PER_SEC || system_time > INT64_MAX)
        return refuse(-EINVAL);
    time_set_wallclock(secs, nsecs, (nsec_t)system_time);
    return 0;
}

static long cpu_info_op(struct xenpf_pcpuinfo *info)
{
    info->max_present = cpu_count - 1;
    if (info->xen_cpuid >= cpu_count) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }
    info->flags = XEN_PCPU_FLAGS_ONLINE;
    info->apic_id = cpu_apic_id[info->xen_cpuid];
    info->acpi_id = cpu_acpi_id[info->xen_cpuid];
    return 0;
}

/* Soft-off only: suspending the machine to memory is not offered. */
static long enter_sleep(const struct xenpf_enter_acpi_sleep *op)
{
    if (op->sleep_state != 5 || op->flags)
        return refuse(-EOPNOTSUPP);
    acpi_enter_sleep(op->val_a, op->val_b);
    return 0;
}

static long perform(struct xen_platform_op *op)
{
    switch (op->cmd) {
    case XENPF_settime32:
        return set_time(op->u.settime32.secs, op->u.settime32.nsecs, op->u.settime32.system_time);
    case XENPF_settime64:
        if (op->u.settime64.mbz)
            return refuse(-EINVAL);
        return set_time(op->u.settime64.secs, op->u.settime64.nsecs, op->u.settime64.system_time);
    case XENPF_firmware_info:
        return firmware_info(&op->u.firmware_info);
    case XENPF_get_cpuinfo:
        return cpu_info_op(&op->u.pcpu_info);
    case XENPF_enter_acpi_sleep:
        return enter_sleep(&op->u.enter_acpi_sleep);
    case XENPF_set_processor_pminfo:
        /* Ringfort idles by HLT and leaves frequencies alone; the tables are taken and not used. */
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}

long do_platform_op(uint64_t arg)
{
    struct xen_platform_op op;
    long rc;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return refuse(-EACCES);
    rc = perform(&op);
    if (rc == 0 && !copy_to_guest(arg, &op, sizeof(op)))
        return refuse(-EFAULT);
    return rc;
}
