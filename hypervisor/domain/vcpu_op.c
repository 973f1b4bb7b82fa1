/* VCPUOP_*: what a guest does with its own vCPUs (<xen/vcpu.h>). */
#include "domain/domain.h"

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/smp.h"

/* A guest that asks for ticks faster than this spends Ringfort's time, not its own. */
#define PERIOD_MIN NSEC_PER_MSEC
/* Longer delays cannot be told from times in the past. */
#define PERIOD_MAX (INT64_MAX / 2)

/* Gives an offline vCPU its registers, once. */
static long op_initialise(struct vcpu *v, uint64_t arg)
{
    struct domain *d = v->domain;
    struct vcpu_guest_context *context;
    long rc;

    if (!event_has_place(v))
        return refuse(-EINVAL);
    context = zalloc(sizeof(*context));
    if (!context)
        return -ENOMEM;
    rc = vcpu_context_read(d, context, arg);
    if (rc) {
        zfree(context);
        return rc;
    }
    /* The lock keeps two callers from setting up the same vCPU; guest memory is not touched here.
     */
    spin_lock(&d->lock);
    if (v->initialised) {
        rc = -EEXIST;
    } else {
        rc = vcpu_set_context(v, context);
        v->initialised = rc == 0;
    }
    spin_unlock(&d->lock);
    zfree(context);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_vcpu_op, 3, VCPUOP_initialise, v->id, arg);
    return rc;
}

static long op_up(struct vcpu *v)
{
    if (!v->initialised || !event_has_place(v))
        return refuse(-EINVAL);
    vcpu_set_up(v, true);
    return 0;
}

static long op_get_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_runstate_info info;

    vcpu_get_runstate(v, &info);
    return struct_to_guest(arg, &info, vcpu_runstate_info) ? 0 : refuse(-EFAULT);
}

static long op_register_runstate(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_runstate_memory_area area;

    if (!struct_from_guest(&area, arg, vcpu_register_runstate_memory_area) ||
        !guest_range_ok(area.addr.p, guest_sizeof(vcpu_runstate_info)))
        return refuse(-EFAULT);
    WRITE_ONCE(v->time.runstate_area, area.addr.p);
    /* Another vCPU's addresses mean nothing here; its next dispatch fills the area. */
    if (v == current)
        time_update_areas(v);
    return 0;
}

static long op_register_time(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_time_memory_area area;

    if (!struct_from_guest(&area, arg, vcpu_register_time_memory_area) ||
        !guest_range_ok(area.addr.p, sizeof(struct vcpu_time_info)))
        return refuse(-EFAULT);
    WRITE_ONCE(v->time.time_area, area.addr.p);
    if (v == current)
        time_update_areas(v);
    return 0;
}

static long op_set_periodic(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_periodic_timer set;

    if (!copy_from_guest(&set, arg, sizeof(set)))
        return refuse(-EFAULT);
    if (set.period_ns < (uint64_t)PERIOD_MIN || set.period_ns > (uint64_t)PERIOD_MAX)
        return refuse(-EINVAL);
    WRITE_ONCE(v->time.period, (nsec_t)set.period_ns);
    timer_set(&v->time.periodic, now() + (nsec_t)set.period_ns);
    return 0;
}

static long op_stop_periodic(struct vcpu *v)
{
    WRITE_ONCE(v->time.period, 0);
    timer_stop(&v->time.periodic);
    return 0;
}

static long op_set_singleshot(struct vcpu *v, uint64_t arg)
{
    struct vcpu_set_singleshot_timer set;
    nsec_t at;

    if (v != current)
        return refuse(-EINVAL);
    if (!struct_from_guest(&set, arg, vcpu_set_singleshot_timer))
        return refuse(-EFAULT);
    at = (nsec_t)set.timeout_abs_ns;
    if ((set.flags & VCPU_SSHOTTMR_future) && at < now())
        return -ETIME;
    timer_set(&v->time.singleshot, at);
    return 0;
}

static long op_stop_singleshot(struct vcpu *v)
{
    if (v != current)
        return refuse(-EINVAL);
    timer_stop(&v->time.singleshot);
    return 0;
}

static long op_register_info(struct vcpu *v, uint64_t arg)
{
    struct vcpu_register_vcpu_info info;

    if (!copy_from_guest(&info, arg, sizeof(info)))
        return refuse(-EFAULT);
    return event_register_vcpu_info(v, gfn(info.mfn), info.offset);
}

static long op_send_nmi(struct vcpu *v)
{
    WRITE_ONCE(v->arch.nmi_pending, true);
    vcpu_unblock(v);
    return 0;
}

/* Identifiers of the one CPU that a vCPU may run on; a vCPU free to move has none. */
static long op_get_physid(struct vcpu *v, uint64_t arg)
{
    const uint64_t *allowed = v->sched.hard_affinity.bits;
    unsigned cpu = bit_find_set(allowed, MAX_CPUS, 0);
    struct vcpu_get_physid id;

    if (cpu >= cpu_count || bit_find_set(allowed, cpu_count, cpu + 1) < cpu_count)
        return refuse(-EINVAL);
    id.phys_id = (uint64_t)cpu_acpi_id[cpu] << 32 | cpu_apic_id[cpu];
    return copy_to_guest(arg, &id, sizeof(id)) ? 0 : refuse(-EFAULT);
}

long do_vcpu_op(int cmd, unsigned vcpuid, uint64_t arg)
{
    struct vcpu *v = domain_vcpu(current->domain, vcpuid);

    /* Linux asks is_up for thousands of ids at boot: no log, no work. */
    if (!v)
        return -ENOENT;
    switch (cmd) {
    case VCPUOP_initialise:
        return op_initialise(v, arg);
    case VCPUOP_up:
        return op_up(v);
    case VCPUOP_down:
        vcpu_set_up(v, false);
        return 0;
    case VCPUOP_is_up:
        return v->sched.is_up;
    case VCPUOP_get_runstate_info:
        return op_get_runstate(v, arg);
    case VCPUOP_register_runstate_memory_area:
        return op_register_runstate(v, arg);
    case VCPUOP_set_periodic_timer:
        return op_set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer:
        return op_stop_periodic(v);
    case VCPUOP_set_singleshot_timer:
        return op_set_singleshot(v, arg);
    case VCPUOP_stop_singleshot_timer:
        return op_stop_singleshot(v);
    case VCPUOP_register_vcpu_info:
        return op_register_info(v, arg);
    case VCPUOP_send_nmi:
        return op_send_nmi(v);
    case VCPUOP_get_physid:
        return op_get_physid(v, arg);
    case VCPUOP_register_vcpu_time_memory_area:
        return op_register_time(v, arg);
    default:
        return -ENOSYS;
    }
}
