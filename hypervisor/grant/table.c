/* A domain's grant table: its making, growth and end. */
#include "grant/table.h"

#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/mapping.h"

/* Adds one shared frame with its private records. Lock held. */
static int add_frame(struct domain *d)
{
    struct grant_table *t = d->grants;
    struct grant_active *active = zalloc(GRANTS_PER_FRAME * sizeof(*active));
    void *page = active ? page_alloc(0) : NULL;

    if (!page) {
        zfree(active);
        return -ENOMEM;
    }
    frame_share(frame_of(virt_to_mfn(page)), d, true);
    t->shared[t->nr_frames] = page;
    t->active[t->nr_frames] = active;
    t->nr_frames++;
    return 0;
}

int grant_grow(struct domain *d, unsigned nr_frames)
{
    struct grant_table *t = d->grants;

    if (d->state != DOMAIN_ALIVE)
        return -EINVAL;
    while (t->nr_frames < nr_frames) {
        int rc = add_frame(d);

        if (rc)
            return rc;
    }
    return 0;
}

int grant_init_domain(struct domain *d, unsigned max_frames, unsigned max_maptrack)
{
    struct grant_table *t;
    int rc = -ENOMEM;

    if (max_frames == 0)
        return -EINVAL;
    t = zalloc(sizeof(*t));
    if (!t)
        return -ENOMEM;
    d->grants = t;
    spin_init(&t->lock, LOCK_GRANT);
    t->max_frames = max_frames;
    t->shared = zalloc(max_frames * sizeof(t->shared[0]));
    t->active = zalloc(max_frames * sizeof(t->active[0]));
    if (t->shared && t->active)
        rc = maptrack_init(&t->maptrack, max_maptrack);
    if (rc == 0)
        rc = grant_grow(d, 1);
    if (rc)
        grant_destroy_domain(d);
    return rc;
}

void grant_free_domain(struct domain *d)
{
    struct grant_table *t = d->grants;

    for (unsigned i = 0; i < t->nr_frames; i++) {
        struct grant_entry_v1 *page = t->shared[i];

        /* The end of a use may be looking at it. */
        spin_lock(&t->lock);
        t->shared[i] = NULL;
        spin_unlock(&t->lock);
        frame_unshare(frame_of(virt_to_mfn(page)));
    }
}

void grant_destroy_domain(struct domain *d)
{
    struct grant_table *t = d->grants;

    if (!t)
        return;
    for (unsigned i = 0; t->active && i < t->nr_frames; i++)
        zfree(t->active[i]);
    maptrack_destroy(&t->maptrack);
    zfree(t->shared);
    zfree(t->active);
    zfree(t);
    d->grants = NULL;
}

int grant_shared_frame(struct domain *d, unsigned index, mfn_t *out)
{
    struct grant_table *t = d->grants;
    int rc;

    if (index >= t->max_frames)
        return refuse(-EINVAL);
    spin_lock(&t->lock);
    rc = grant_grow(d, index + 1);
    if (rc == 0)
        *out = virt_to_mfn(t->shared[index]);
    spin_unlock(&t->lock);
    return rc;
}

unsigned grant_max_frames(const struct domain *d)
{
    return d->grants->max_frames;
}
