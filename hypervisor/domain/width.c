/* A new domain becomes a 32-bit one: what each subsystem has prepared for 64 bits changes. */
#include "domain/domain.h"

#include "lib/abi32.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/hypmap.h"
#include "time/time.h"

/* Frames that the guest can look up in its window; the allocator knows powers of two. */
static unsigned frame_address_bits(uint64_t hole_start)
{
    uint64_t frames = (COMPAT_HOLE_END - hole_start) / sizeof(uint32_t);

    return PAGE_SHIFT + 63 - __builtin_clzll(frames);
}

/* Nothing of 64 bits is there yet. The toolstack has made the ports of console and XenStore by now.
 * The domain's lock keeps registers away, that of its pages keeps memory away. */
static bool claim_width(struct domain *d, unsigned ports)
{
    struct vcpu *v;

    if (d->state != DOMAIN_ALIVE)
        return false;
    for_each_vcpu (d, v)
        if (v->initialised)
            return false;
    spin_lock(&d->pages_lock);
    d->is_compat = !d->tot_pages && d->event.allocated <= ports;
    spin_unlock(&d->pages_lock);
    return d->is_compat;
}

/* The slots of vCPUs are where they were; the clock is not. */
static void clear_old_clock(struct shared_info *shared)
{
    shared->wc_version = shared->wc_sec = shared->wc_nsec = 0;
    shared->wc_sec_hi = 0;
}

int domain_make_compat(struct domain *d, uint64_t hole_start)
{
    const unsigned ports = sizeof(((struct shared_info_x86_32 *)0)->evtchn_pending) * 8;
    bool done;

    /* Or who sets all clocks would see a domain of 64 bits and write to a 32-bit one. */
    spin_lock(&domain_list_lock);
    spin_lock(&d->lock);
    done = !d->is_compat && claim_width(d, ports);
    if (done) {
        d->compat_hole_start = hole_start;
        d->address_bits = MIN(d->address_bits, frame_address_bits(hole_start));
        d->event.limit = MIN(d->event.limit, ports);
    }
    spin_unlock(&d->lock);
    if (done)
        clear_old_clock(d->shared_info);
    spin_unlock(&domain_list_lock);
    if (!done)
        return refuse(-EACCES);
    time_update_wallclock(d);
    return 0;
}
