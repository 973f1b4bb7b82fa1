/* See memory_calls.h. */
#include "memory_calls.h"

#include "boot/boot.h"
#include "check.h"
#include "grant/grant.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"
#include "memory/m2p.h"
#include "memory/memory_op.h"
#include "memory/reservation.h"

struct boot_info boot_info;
struct options options = {.gnttab_max_frames = 64};
unsigned crashes;
struct domain *d;
uint64_t list[LIST];
struct frame *stolen;

struct domain *domain_get(domid_t id)
{
    struct domain *d = id < 2 ? machine_domain(id) : NULL;

    if (d)
        domain_ref(d);
    return d;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    crashes++;
}

int grant_shared_frame(struct domain *d, unsigned index, mfn_t *out)
{
    *out = mfn(1000 + index);
    return index < GRANT_FRAMES ? 0 : -EINVAL;
}

unsigned grant_max_frames(const struct domain *d)
{
    return GRANT_FRAMES;
}

void start(void)
{
    machine_reset();
    d = machine_domain(0);
    for (unsigned i = 0; i < LIST; i++)
        list[i] = 100 + i;
    crashes = 0;
}

struct xen_memory_reservation request(uint64_t *extents, uint64_t count, unsigned order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .extent_order = order,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = (xen_pfn_t *)extents;
    return r;
}

long reserve(unsigned op, uint64_t *extents, uint64_t count, unsigned order)
{
    struct xen_memory_reservation r = request(extents, count, order);

    return do_memory_op(op, (uint64_t)&r);
}

long finish(long rc)
{
    unsigned restarts = 0;

    while (rc == -ERESTART && restarts++ < 1000) {
        CHECK(last_restart.called);
        CHECK_EQ(last_restart.op, __HYPERVISOR_memory_op);
        last_restart.called = false;
        rc = do_memory_op(last_restart.args[0], last_restart.args[1]);
    }
    return rc;
}

void steal_last(void)
{
    struct domain *other = machine_domain(0);

    stolen = list_entry(machine_domain(1)->pages.prev, struct frame, link);
    CHECK(frame_return(machine_domain(1), frame_mfn(stolen)));
    while (domain_alloc_frames(other, 0, 0))
        ;
    CHECK(frame_owner(stolen) == other);
    m2p_set(frame_mfn(stolen), 4711);
}
