/*
 * The oracle's look at grants. Each mapping is one use of the entry that it names and each use one
 * mapping, for none is half made while domains stand still; the entry holds its frame once, and
 * each mapping for itself once for the processor and once for devices.
 */
#include "grant/table.h"

#include "lib/assert.h"
#include "memory/frame.h"
#include "memory/oracle.h"

static void must(bool holds, const struct domain *granter, uint32_t ref, const char *what)
{
    if (!holds)
        panic("oracle: grant %u of domain %u: %s", ref, granter->id, what);
}

/* Counts a user's mappings of the entry. */
static struct grant_active mappings_of(const struct domain *user, const struct domain *granter,
                                       uint32_t ref)
{
    struct maptrack *t = &user->grants->maptrack;
    struct grant_active seen = {0};

    for (uint32_t handle = 0; handle < maptrack_size(t); handle++) {
        const struct grant_mapping *m = maptrack_find(t, handle);

        if (!m || m->granter != granter->id || m->ref != ref)
            continue;
        if (m->flags & GNTMAP_readonly)
            seen.readers++;
        else
            seen.writers++;
    }
    return seen;
}

static void look_at_entry(const struct domain *granter, uint32_t ref)
{
    const struct grant_active *a = grant_active_of(granter->grants, ref);
    struct grant_active seen = {0};
    struct domain *user;

    if (!grant_in_use(a))
        return;
    must(mfn_valid(mfn(a->frame)), granter, ref, "frame outside RAM");
    user = domain_get(a->user);
    if (user) {
        seen = mappings_of(user, granter, ref);
        domain_put(user);
    }
    must(a->readers == seen.readers && a->writers == seen.writers, granter, ref, "uses");
    oracle_found(mfn(a->frame), false);
}

static void look_at_mapping(const struct domain *user, const struct grant_mapping *m)
{
    struct domain *granter = domain_get(m->granter);
    const struct grant_active *a;

    if (!granter)
        panic("oracle: domain %u maps a grant of domain %u, which is gone", user->id, m->granter);
    must(m->ref < granter->grants->nr_frames * GRANTS_PER_FRAME, granter, m->ref, "no such entry");
    a = grant_active_of(granter->grants, m->ref);
    must(grant_in_use(a) && a->user == user->id, granter, m->ref, "mapping that is no use");
    if (m->flags & GNTMAP_host_map)
        oracle_found(mfn(a->frame), !(m->flags & GNTMAP_readonly));
    if (m->flags & GNTMAP_device_map)
        oracle_found(mfn(a->frame), !(m->flags & GNTMAP_readonly));
    domain_put(granter);
}

void grant_recount(const struct domain *d)
{
    struct grant_table *t = d->grants;
    uint32_t used = 0;

    if (!t)
        return;
    for (uint32_t ref = 0; ref < t->nr_frames * GRANTS_PER_FRAME; ref++)
        look_at_entry(d, ref);
    for (uint32_t handle = 0; handle < maptrack_size(&t->maptrack); handle++) {
        const struct grant_mapping *m = maptrack_find(&t->maptrack, handle);

        if (m)
            look_at_mapping(d, m);
        used += m != NULL;
    }
    if (used != t->maptrack.used)
        panic("oracle: domain %u has %u mappings, and %u handles are taken", d->id, used,
              t->maptrack.used);
}
