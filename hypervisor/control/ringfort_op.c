/* Ringfort's own hypercall (interface/ringfort.h): BVT's parameters and figures, the trace, and
 * alarms in virtual time. */
#include "boot/boot.h"
#include "control/domain_info.h"
#include "control/trace.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "interface/ringfort.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "schedule/status.h"
#include "time/time.h"
#include "x86/current.h"

#define BVT_FIELDS                                                                                 \
    (RINGFORT_BVT_WEIGHT | RINGFORT_BVT_CAP | RINGFORT_BVT_WARP | RINGFORT_BVT_WARP_LIMIT |        \
     RINGFORT_BVT_UNWARP)

/* The first vCPU of `d` from `id` on, or NULL. */
static struct vcpu *vcpu_at_or_after(const struct domain *d, unsigned id)
{
    struct vcpu *v = NULL;

    while (id < d->max_vcpus && !(v = domain_vcpu(d, id)))
        id++;
    return v;
}

static long get_vcpu(uint64_t arg)
{
    struct ringfort_vcpu out;
    struct vcpu *v = NULL;
    uint32_t domain, id;

    if (!copy_from_guest(&out, arg, sizeof(out)))
        return refuse(-EFAULT);
    if (out.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    domain = out.domain;
    id = out.vcpu;
    while (!v) {
        struct domain *d = domain < MAX_DOMAINS ? domain_at_or_after((domid_t)domain) : NULL;

        if (!d)
            return -ESRCH;
        v = vcpu_at_or_after(d, d->id == domain ? id : 0);
        if (v)
            vcpu_status(v, &out);
        domain = d->id + 1u;
        id = 0;
        domain_put(d);
    }
    out.version = RINGFORT_INTERFACE_VERSION;
    return copy_to_guest(arg, &out, sizeof(out)) ? 0 : refuse(-EFAULT);
}

static bool bvt_values_ok(const struct ringfort_bvt *b)
{
    if (b->pad || b->pad2 || b->fields & ~BVT_FIELDS)
        return false;
    if (b->fields & RINGFORT_BVT_WEIGHT && (!b->weight || b->weight > RINGFORT_WEIGHT_MAX))
        return false;
    if (b->fields & RINGFORT_BVT_CAP && b->cap > RINGFORT_CAP_MAX)
        return false;
    return (!(b->fields & RINGFORT_BVT_WARP) || b->warp_ns <= RINGFORT_WARP_MAX_NS) &&
           (!(b->fields & RINGFORT_BVT_WARP_LIMIT) || b->warp_limit_ns <= RINGFORT_WARP_MAX_NS) &&
           (!(b->fields & RINGFORT_BVT_UNWARP) || b->unwarp_ns <= RINGFORT_WARP_MAX_NS);
}

static void perform_set_bvt(struct domain *d, const struct ringfort_bvt *b)
{
    struct vcpu *v;

    if (b->fields & (RINGFORT_BVT_WEIGHT | RINGFORT_BVT_CAP))
        sched_set_domain(d, b->fields & RINGFORT_BVT_WEIGHT ? b->weight : d->sched.weight,
                         b->fields & RINGFORT_BVT_CAP ? b->cap : d->sched.cap);
    if (b->fields & RINGFORT_BVT_WARP)
        WRITE_ONCE(d->sched.warp, (nsec_t)b->warp_ns);
    if (b->fields & RINGFORT_BVT_WARP_LIMIT)
        WRITE_ONCE(d->sched.warp_limit, (nsec_t)b->warp_limit_ns);
    if (b->fields & RINGFORT_BVT_UNWARP)
        WRITE_ONCE(d->sched.unwarp, (nsec_t)b->unwarp_ns);
    for_each_vcpu (d, v)
        vcpu_take_warp(v);
}

static long set_bvt(uint64_t arg)
{
    struct ringfort_bvt b;
    struct domain *d;

    if (!copy_from_guest(&b, arg, sizeof(b)))
        return refuse(-EFAULT);
    if (b.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (!bvt_values_ok(&b))
        return refuse(-EINVAL);
    d = domain_get(b.domain);
    if (!d)
        return refuse(-ESRCH);
    perform_set_bvt(d, &b);
    domain_put(d);
    return 0;
}

static long allowance(uint64_t arg)
{
    struct ringfort_allowance a;

    if (!copy_from_guest(&a, arg, sizeof(a)))
        return refuse(-EFAULT);
    if (a.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (a.set > 1 || (a.set && (a.allowance_ns < RINGFORT_ALLOWANCE_MIN_NS ||
                                a.allowance_ns > RINGFORT_ALLOWANCE_MAX_NS)))
        return refuse(-EINVAL);
    if (a.set)
        WRITE_ONCE(options.bvt_context_switch, (nsec_t)a.allowance_ns);
    a.allowance_ns = (uint64_t)READ_ONCE(options.bvt_context_switch);
    return copy_to_guest(arg, &a, sizeof(a)) ? 0 : refuse(-EFAULT);
}

static long alarm(uint64_t arg)
{
    struct vcpu_runstate_info runstate;
    struct ringfort_alarm a;

    if (!copy_from_guest(&a, arg, sizeof(a)))
        return refuse(-EFAULT);
    if (a.version != RINGFORT_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (a.set > 1 || (a.set && a.at_ns > RINGFORT_ALARM_MAX_NS))
        return refuse(-EINVAL);
    if (a.set)
        time_set_alarm(a.at_ns);
    a.at_ns = current->time.alarm_at;
    runstate_get(current, &runstate);
    a.now_ns = runstate.time[RUNSTATE_running];
    return copy_to_guest(arg, &a, sizeof(a)) ? 0 : refuse(-EFAULT);
}

static long control(unsigned op, uint64_t arg)
{
    switch (op) {
    case RINGFORT_OP_get_vcpu:
        return get_vcpu(arg);
    case RINGFORT_OP_set_bvt:
        return set_bvt(arg);
    case RINGFORT_OP_allowance:
        return allowance(arg);
    case RINGFORT_OP_trace:
        return trace_control(arg);
    case RINGFORT_OP_trace_read:
        return trace_read(arg);
    default:
        return refuse(-ENOSYS);
    }
}

/* What any domain may ask comes first. */
long do_ringfort_op(unsigned op, uint64_t arg)
{
    switch (op) {
    case RINGFORT_OP_version:
        return RINGFORT_INTERFACE_VERSION;
    case RINGFORT_OP_alarm:
        return alarm(arg);
    default:
        return current->domain->is_privileged ? control(op, arg) : refuse(-EPERM);
    }
}
