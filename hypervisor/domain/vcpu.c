/* Making a vCPU: memory, and each subsystem's part of it. */
#include "domain/domain.h"

#include "lib/alloc.h"
#include "lib/errno.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/entry.h"

/* Idle vCPUs get no events, but clock updates at dispatch should need no special case for them. */
static struct vcpu_info idle_info;

/* The parts of a vCPU that only guests need. */
static int guest_parts_init(struct vcpu *v)
{
    int rc = vcpu_arch_init(v);

    if (rc)
        return rc;
    event_init_vcpu(v);
    return 0;
}

struct vcpu *vcpu_create(struct domain *d, unsigned id)
{
    struct vcpu *v;

    if (id >= d->max_vcpus || d->vcpus[id])
        return NULL;
    v = zalloc(sizeof(*v));
    if (!v)
        return NULL;
    v->domain = d;
    v->id = id;
    v->is_idle = d->is_idle;
    v->memory.kernel_root = INVALID_MFN;
    v->memory.user_root = INVALID_MFN;
    v->memory.dying_table = INVALID_MFN;
    if (v->is_idle) {
        v->event.info = &idle_info;
    } else if (guest_parts_init(v) != 0) {
        zfree(v);
        return NULL;
    }
    sched_init_vcpu(v); /* chooses the CPU whose timer heap the next one uses */
    time_init_vcpu(v);
    /* Who pauses the domain meanwhile counts this vCPU either here or among the others. */
    spin_lock(&d->lock);
    v->sched.pauses = d->pauses;
    /* Others look at the array without a lock: the vCPU must be whole when they see it. */
    __atomic_store_n(&d->vcpus[id], v, __ATOMIC_RELEASE);
    spin_unlock(&d->lock);
    return v;
}
