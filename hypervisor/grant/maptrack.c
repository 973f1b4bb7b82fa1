/* Handles of grant mappings: pages of entries, free ones linked through their `ref`. */
#include "grant/maptrack.h"

#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"

int maptrack_init(struct maptrack *t, unsigned max_pages)
{
    *t = (struct maptrack){.max_pages = max_pages, .free = NO_HANDLE};
    if (max_pages == 0)
        return 0;
    t->pages = zalloc(max_pages * sizeof(t->pages[0]));
    return t->pages ? 0 : -ENOMEM;
}

static void pages_free(struct maptrack *t)
{
    while (t->nr_pages > 0)
        zfree(t->pages[--t->nr_pages]);
    t->free = NO_HANDLE;
}

void maptrack_destroy(struct maptrack *t)
{
    pages_free(t);
    zfree(t->pages);
    *t = (struct maptrack){.free = NO_HANDLE};
}

static struct grant_mapping *entry_of(const struct maptrack *t, uint32_t handle)
{
    return &t->pages[handle / MAPTRACK_PER_PAGE][handle % MAPTRACK_PER_PAGE];
}

static bool grow(struct maptrack *t)
{
    uint32_t base = t->nr_pages * MAPTRACK_PER_PAGE;
    struct grant_mapping *page;

    if (t->nr_pages >= t->max_pages)
        return false;
    page = zalloc(PAGE_SIZE);
    if (!page)
        return false;
    for (unsigned i = 0; i < MAPTRACK_PER_PAGE; i++)
        page[i].ref = i + 1 < MAPTRACK_PER_PAGE ? base + i + 1 : NO_HANDLE;
    t->pages[t->nr_pages++] = page;
    t->free = base;
    return true;
}

uint32_t maptrack_take(struct maptrack *t)
{
    uint32_t handle;
    struct grant_mapping *m;

    if (t->free == NO_HANDLE && !grow(t))
        return NO_HANDLE;
    handle = t->free;
    m = entry_of(t, handle);
    t->free = m->ref;
    m->flags = MAPTRACK_RESERVED;
    t->used++;
    return handle;
}

void maptrack_give_back(struct maptrack *t, uint32_t handle)
{
    struct grant_mapping *m = entry_of(t, handle);

    assert(m->flags);
    *m = (struct grant_mapping){.ref = t->free};
    t->free = handle;
    if (--t->used == 0)
        pages_free(t);
}

struct grant_mapping *maptrack_find(struct maptrack *t, uint32_t handle)
{
    struct grant_mapping *m;

    if (handle >= maptrack_size(t))
        return NULL;
    m = entry_of(t, handle);
    return m->flags && !(m->flags & MAPTRACK_RESERVED) ? m : NULL;
}

struct grant_mapping *maptrack_reserved(struct maptrack *t, uint32_t handle)
{
    struct grant_mapping *m = entry_of(t, handle);

    assert(m->flags & MAPTRACK_RESERVED);
    return m;
}

uint32_t maptrack_size(const struct maptrack *t)
{
    return (uint32_t)(t->nr_pages * MAPTRACK_PER_PAGE);
}
