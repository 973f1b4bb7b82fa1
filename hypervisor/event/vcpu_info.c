/* Where each vCPU's part of the event bits lies: in shared_info, or where the guest wants it. */
#include "event/internal.h"

#include "lib/abi32.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/mapping.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Stands in for vCPUs that have no place in shared_info until they register one. No guest sees it
 * and no vCPU runs with it, as it is every domain's; it stays masked, so it never asks for an
 * upcall. */
static struct vcpu_info nowhere = {.evtchn_upcall_mask = 1};

static struct vcpu_info *first_place(const struct vcpu *v)
{
    if (!v->domain->shared_info || v->id >= LEGACY_VCPUS)
        return &nowhere;
    return &v->domain->shared_info->vcpu_info[v->id];
}

bool event_has_place(const struct vcpu *v)
{
    return v->event.info != &nowhere;
}

void event_init_vcpu(struct vcpu *v)
{
    v->event.info = first_place(v);
    v->event.info->evtchn_upcall_mask = 1;
}

/* Event lock. Senders that still use the old place have made their port pending before; setting all
 * selector bits in the new one lets the guest find those. */
static void move_info(struct vcpu *v, struct frame *f, struct vcpu_info *to)
{
    struct vcpu_info *from = v->event.info;

    if (from == &nowhere)
        *to = (struct vcpu_info){.evtchn_upcall_mask = 1};
    else
        memcpy(to, from, sizeof(*to));

    v->event.info_frame = f;
    __atomic_store_n(&v->event.info, to, __ATOMIC_SEQ_CST);
    if (v->domain->is_compat)
        WRITE_ONCE(((struct vcpu_info_x86_32 *)to)->evtchn_pending_sel, ~0u);
    else
        WRITE_ONCE(to->evtchn_pending_sel, ~(xen_ulong_t)0);
    WRITE_ONCE(to->evtchn_upcall_pending, 1);
}

int event_register_vcpu_info(struct vcpu *v, gfn_t where, uint32_t offset)
{
    struct domain *d = v->domain;
    struct frame *f;
    bool first;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
        offset % (d->is_compat ? sizeof(uint32_t) : __alignof__(struct vcpu_info)))
        return refuse(-EINVAL);
    if (v != current && v->sched.is_up)
        return refuse(-EINVAL);
    if (!mfn_valid(mfn(where.n)))
        return refuse(-EINVAL);
    f = frame_of(mfn(where.n));
    if (frame_get_typed(f, d, FRAME_WRITABLE))
        return refuse(-EINVAL);

    spin_lock(&d->event.lock);
    first = !v->event.info_frame;
    if (first)
        move_info(v, f, (struct vcpu_info *)((char *)mfn_to_virt(mfn(where.n)) + offset));
    spin_unlock(&d->event.lock);

    if (!first) {
        frame_put_typed(f);
        return refuse(-EINVAL);
    }
    return 0;
}

void event_unregister_vcpu_info(struct vcpu *v)
{
    struct frame *f = v->event.info_frame;

    if (!f)
        return;
    v->event.info = first_place(v);
    v->event.info_frame = NULL;
    frame_put_typed(f);
}
