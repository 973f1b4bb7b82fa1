/* Domains come and go at the tools' word. */
#include "control/domctl_ops.h"

#include "boot/boot.h"
#include "control/create_request.h"
#include "domain/domain.h"
#include "event/event.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "schedule/schedule.h"
#include "x86/current.h"

#define DEFAULT_MAPTRACK_PAGES 1024
#define CONTROLLER_PAUSES_MAX 255

/* Only one CPU at a time takes a domain apart; the others come back later instead of waiting. */
static spinlock_t destroy_lock = SPINLOCK_INIT(LOCK_DOMCTL);

/* What a PV domain without devices of its own may be asked to be. Refuses the rest, so that nobody
 * believes to have got it. */
static int check_config(const struct create_request *c)
{
    if (c->flags & ~(uint32_t)XEN_DOMCTL_CDF_xs_domain)
        return refuse(-EINVAL);
    if (c->iommu_opts || c->vmtrace_size || c->cpupool_id || c->altp2m_opts)
        return refuse(-EINVAL);
    if (c->max_vcpus == 0 || c->max_vcpus > MAX_VCPUS_PER_DOMAIN)
        return refuse(-EINVAL);
    if (XEN_DOMCTL_GRANT_version(c->grant_opts) != 1 || c->grant_opts >> 4)
        return refuse(-EINVAL);
    if (c->max_grant_frames == 0 || c->max_grant_frames > (int)options.gnttab_max_frames)
        return refuse(-EINVAL);
    if (c->max_maptrack_frames > DEFAULT_MAPTRACK_PAGES)
        return refuse(-EINVAL);
    if (c->emulation_flags)
        return refuse(-EINVAL);
    return 0;
}

static void fill_config(struct domain_config *to, const struct create_request *from)
{
    *to = (struct domain_config){
        .max_vcpus = from->max_vcpus,
        .max_event_port = from->max_event_port,
        .max_grant_frames = from->max_grant_frames < 0 ? options.gnttab_max_frames
                                                       : (unsigned)from->max_grant_frames,
        .max_maptrack_frames = from->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK_PAGES
                                                             : (unsigned)from->max_maptrack_frames,
    };
    memcpy(to->handle, from->handle, sizeof(to->handle));
}

/* Ids are given out in turn, so that a tool that still has a dead domain's id in mind does not meet
 * another domain under it soon. Domctl lock. */
static long create_next(const struct domain_config *config, struct domain **d)
{
    static domid_t last;

    for (unsigned tries = 0; tries < MAX_DOMAINS; tries++) {
        long rc;

        last = last + 1 < MAX_DOMAINS ? last + 1 : 1;
        rc = domain_create(last, config, d);
        if (rc != -EEXIST)
            return rc;
    }
    return refuse(-ENOMEM);
}

long domctl_create(const struct create_request *request, domid_t *id)
{
    struct domain_config internal;
    struct domain *d;
    long rc = check_config(request);

    if (rc)
        return rc;
    fill_config(&internal, request);
    spin_lock(&domain_list_lock);
    if (*id == 0 || *id >= MAX_DOMAINS)
        rc = create_next(&internal, &d);
    else
        rc = domain_create(*id, &internal, &d);
    if (rc == 0)
        *id = d->id;
    spin_unlock(&domain_list_lock);
    return rc;
}

long domctl_destroy(struct domain *d)
{
    long rc;

    if (d == domain0 || d == current->domain)
        return refuse(-EINVAL);
    if (!spin_trylock(&destroy_lock))
        return -ERESTART;
    rc = domain_kill(d);
    spin_unlock(&destroy_lock);
    return rc;
}

/* The number was fixed at creation; this makes the vCPUs, all offline. A call that was cut finds
 * those that are there. */
long domctl_max_vcpus(struct domain *d, unsigned max)
{
    long rc = 0;

    if (max != d->max_vcpus)
        return refuse(-EINVAL);
    spin_lock(&domain_list_lock);
    /* One that is being taken apart does so with the vCPUs that it had when it began to die. */
    if (d->state != DOMAIN_ALIVE)
        rc = refuse(-ESRCH);
    for (unsigned id = 0; id < max && rc == 0; id++) {
        if (d->vcpus[id])
            continue;
        if (!vcpu_create(d, id))
            rc = -ENOMEM;
        else if (preempt_needed())
            rc = -ERESTART;
    }
    spin_unlock(&domain_list_lock);
    return rc;
}

long domctl_pause(struct domain *d)
{
    bool is_full;

    if (d == current->domain)
        return refuse(-EINVAL);
    /* First, and taken back last below: whoever unpauses ends a pause that has begun. */
    domain_pause(d);
    spin_lock(&d->lock);
    is_full = d->controller_pauses == CONTROLLER_PAUSES_MAX;
    d->controller_pauses += !is_full;
    spin_unlock(&d->lock);
    if (is_full)
        domain_unpause(d);
    return is_full ? refuse(-EOVERFLOW) : 0;
}

long domctl_unpause(struct domain *d)
{
    bool was_paused;

    if (d == current->domain)
        return refuse(-EINVAL);
    spin_lock(&d->lock);
    was_paused = d->controller_pauses > 0;
    if (was_paused)
        d->controller_pauses--;
    spin_unlock(&d->lock);
    if (!was_paused)
        return refuse(-EINVAL);
    domain_unpause(d);
    return 0;
}
