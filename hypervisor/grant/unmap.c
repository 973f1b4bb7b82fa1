/*
 * GNTTABOP_unmap_grant_ref and unmap_and_replace. In three steps for a handful of mappings at a
 * time: the page-table entries are cleared, stale translations are flushed once for all, and only
 * then the references go, so that no processor can reach a frame that is given away.
 */
#include "grant/table.h"

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/mmu.h"
#include "memory/tlb.h"
#include "schedule/schedule.h"
#include "x86/current.h"

#define BATCH 32

/* One mapping between clearing and release. */
struct unmapping {
    uint32_t handle;
    struct grant_mapping was;    /* as it was before */
    uint16_t ends;               /* GNTMAP_host_map, GNTMAP_device_map: what is taken down */
    struct domain *granter;      /* kept alive by the use that the mapping holds */
    struct frame *frame;
};

struct unmap_request {
    uint64_t host_addr, dev_bus_addr, new_addr;
    uint32_t handle;
    bool replaces;
};

/* Reserves the mapping, so that a second unmap of it by another vCPU fails. */
static bool reserve(struct grant_table *t, struct unmapping *u, uint32_t handle)
{
    struct grant_mapping *m;

    spin_lock(&t->lock);
    m = maptrack_find(&t->maptrack, handle);
    if (m) {
        u->handle = handle;
        u->was = *m;
        m->flags = MAPTRACK_RESERVED;
    }
    spin_unlock(&t->lock);
    return m != NULL;
}

/* Ends the reservation with what is left of the mapping. */
static void unreserve(struct grant_table *t, uint32_t handle, uint16_t flags)
{
    spin_lock(&t->lock);
    if (flags & (GNTMAP_host_map | GNTMAP_device_map))
        maptrack_reserved(&t->maptrack, handle)->flags = flags;
    else
        maptrack_give_back(&t->maptrack, handle);
    spin_unlock(&t->lock);
}

static int clear_pte(const struct unmap_request *r, const struct unmapping *u)
{
    bool writes = !(u->was.flags & GNTMAP_readonly);
    mfn_t m = frame_mfn(u->frame);
    int rc;

    if (!(u->was.flags & GNTMAP_host_map))
        return GNTST_bad_virt_addr;
    if (!(u->was.flags & GNTMAP_contains_pte))
        rc = mmu_unmap_grant_va(r->host_addr, m, writes, r->new_addr);
    else if (!r->replaces)
        rc = mmu_unmap_grant_pte(maddr(r->host_addr), m, writes);
    else
        rc = -EOPNOTSUPP;
    return rc ? GNTST_bad_virt_addr : GNTST_okay;
}

/* First step for a reserved mapping; fills what release needs. */
static int clear(const struct unmap_request *r, struct unmapping *u)
{
    int status;

    u->granter = domain_get(u->was.granter);
    if (!u->granter)
        return GNTST_bad_domain;
    u->frame = grant_frame_in_use(u->granter, u->was.ref);
    u->ends = 0;
    if (r->host_addr || r->replaces) {
        status = clear_pte(r, u);
        if (status != GNTST_okay) {
            domain_put(u->granter);
            return status;
        }
        u->ends |= GNTMAP_host_map;
    }
    if (r->dev_bus_addr)
        u->ends |= u->was.flags & GNTMAP_device_map;
    return GNTST_okay;
}

static int begin_unmap(const struct unmap_request *r, struct unmapping *u)
{
    struct grant_table *own = current->domain->grants;
    int status;

    if (!reserve(own, u, r->handle))
        return GNTST_bad_handle;
    status = clear(r, u);
    if (status != GNTST_okay)
        unreserve(own, u->handle, u->was.flags);
    return status;
}

/* Third step: the references of what was taken down, and the use with the last of them. */
static void release(const struct unmapping *u)
{
    bool writes = !(u->was.flags & GNTMAP_readonly);
    uint16_t left = u->was.flags & (uint16_t)~u->ends;

    if (u->ends & GNTMAP_host_map)
        grant_put_frame(u->frame, writes);
    if (u->ends & GNTMAP_device_map)
        grant_put_frame(u->frame, writes);
    if (!(left & (GNTMAP_host_map | GNTMAP_device_map)))
        grant_end_use(u->granter, u->was.ref, writes);
    unreserve(current->domain->grants, u->handle, left);
    domain_put(u->granter);
}

static void flush_and_release(const struct unmapping *list, unsigned n)
{
    cpumask_t cpus;

    if (n == 0)
        return;
    tlb_domain_cpus(current->domain, &cpus);
    tlb_flush_mask(&cpus);
    for (unsigned i = 0; i < n; i++)
        release(&list[i]);
}

/* Reads one element of either list, and where its status goes. */
static bool read_request(uint64_t at, bool replaces, struct unmap_request *r)
{
    struct gnttab_unmap_and_replace ur;
    struct gnttab_unmap_grant_ref u;

    *r = (struct unmap_request){.replaces = replaces};
    if (replaces) {
        if (!copy_from_guest(&ur, at, sizeof(ur)))
            return false;
        r->host_addr = ur.host_addr;
        r->new_addr = ur.new_addr;
        r->handle = ur.handle;
        return true;
    }
    if (!copy_from_guest(&u, at, sizeof(u)))
        return false;
    r->host_addr = u.host_addr;
    r->dev_bus_addr = u.dev_bus_addr;
    r->handle = u.handle;
    return true;
}

/* Up to BATCH elements; false when one was not accessible. */
static bool unmap_batch(uint64_t at, unsigned n, bool replaces)
{
    size_t size = replaces ? sizeof(struct gnttab_unmap_and_replace)
                           : sizeof(struct gnttab_unmap_grant_ref);
    size_t status_at = replaces ? offsetof(struct gnttab_unmap_and_replace, status)
                                : offsetof(struct gnttab_unmap_grant_ref, status);
    struct unmapping list[BATCH];
    unsigned cleared = 0;
    bool accessible = true;

    for (unsigned i = 0; i < n && accessible; i++, at += size) {
        struct unmap_request r;
        int16_t status;

        accessible = read_request(at, replaces, &r);
        if (!accessible)
            break;
        status = (int16_t)begin_unmap(&r, &list[cleared]);
        if (status == GNTST_okay)
            cleared++;
        accessible = copy_to_guest(at + status_at, &status, sizeof(status));
    }
    flush_and_release(list, cleared);
    return accessible;
}

static long unmap_list(unsigned cmd, uint64_t uop, unsigned count, bool replaces)
{
    size_t size = replaces ? sizeof(struct gnttab_unmap_and_replace)
                           : sizeof(struct gnttab_unmap_grant_ref);

    for (unsigned done = 0; done < count;) {
        unsigned n = MIN(count - done, BATCH);

        if (done > 0 && preempt_needed())
            return hypercall_restart(__HYPERVISOR_grant_table_op, 3, cmd, uop + done * size,
                                     count - done);
        if (!unmap_batch(uop + done * size, n, replaces))
            return refuse(-EFAULT);
        done += n;
    }
    return 0;
}

long grant_op_unmap(uint64_t uop, unsigned count)
{
    return unmap_list(GNTTABOP_unmap_grant_ref, uop, count, false);
}

long grant_op_unmap_and_replace(uint64_t uop, unsigned count)
{
    return unmap_list(GNTTABOP_unmap_and_replace, uop, count, true);
}

/* A page-table entry's reference goes with the domain's page tables; the device's and the use are
 * dropped here. */
static void abandon(struct grant_table *t, uint32_t handle)
{
    struct unmapping u;
    bool writes;

    if (!reserve(t, &u, handle))
        return;
    u.granter = domain_get(u.was.granter);
    if (u.granter) {
        writes = !(u.was.flags & GNTMAP_readonly);
        if (u.was.flags & GNTMAP_device_map)
            grant_put_frame(grant_frame_in_use(u.granter, u.was.ref), writes);
        grant_end_use(u.granter, u.was.ref, writes);
        domain_put(u.granter);
    }
    unreserve(t, handle, 0);
}

int grant_release_mappings(struct domain *d)
{
    struct grant_table *t = d->grants;

    for (uint32_t handle = 0; handle < maptrack_size(&t->maptrack); handle++) {
        abandon(t, handle);
        if (handle % BATCH == BATCH - 1 && preempt_needed())
            return -ERESTART;
    }
    return 0;
}
