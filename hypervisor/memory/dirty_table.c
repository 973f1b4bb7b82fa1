/* See dirty_table.h. */
#include "memory/dirty_table.h"

#include "domain/domain.h"
#include "memory/allocator.h"

/* A guest chooses its PFNs: far apart, each costs pages here. So many are granted: several times
 * what numbers close together need. */
static uint64_t tables_allowed(const struct domain *d)
{
    return READ_ONCE(d->tot_pages) / 32 + 64;
}

struct dirty_entry *dirty_entry_find(const struct dirty_log *log, uint64_t pfn)
{
    uint64_t leaf = pfn / DIRTY_LEAF_ENTRIES;
    struct dirty_middle *middle;

    if (leaf / DIRTY_MIDDLE_ENTRIES >= DIRTY_ROOT_ENTRIES)
        return NULL;
    middle = log->root[leaf / DIRTY_MIDDLE_ENTRIES];
    if (!middle || !middle->leaf[leaf % DIRTY_MIDDLE_ENTRIES])
        return NULL;
    return &middle->leaf[leaf % DIRTY_MIDDLE_ENTRIES]->entry[pfn % DIRTY_LEAF_ENTRIES];
}

/* Puts the pages in where they are missing; takes what it uses from the caller. */
static bool pages_install(struct dirty_log *log, uint64_t pfn, struct dirty_middle **middle,
                          struct dirty_leaf **new_leaf)
{
    uint64_t leaf = pfn / DIRTY_LEAF_ENTRIES;
    struct dirty_middle **m = &log->root[leaf / DIRTY_MIDDLE_ENTRIES];
    struct dirty_leaf **l;

    if (!*m) {
        if (!*middle)
            return false;
        *m = *middle;
        *middle = NULL;
        log->tables++;
    }
    l = &(*m)->leaf[leaf % DIRTY_MIDDLE_ENTRIES];
    if (!*l) {
        if (!*new_leaf)
            return false;
        *l = *new_leaf;
        *new_leaf = NULL;
        log->tables++;
    }
    return true;
}

/* 1: it is there; 0: it could be made; -1: not here. */
static int entry_state(struct domain *d, uint64_t pfn)
{
    const struct dirty_log *log;
    int state = -1;

    spin_lock(&d->log_lock);
    log = d->log;
    if (log && !log->closing && dirty_entry_find(log, pfn))
        state = 1;
    else if (log && !log->closing && log->tables < tables_allowed(d) &&
             pfn / DIRTY_LEAF_ENTRIES / DIRTY_MIDDLE_ENTRIES < DIRTY_ROOT_ENTRIES)
        state = 0;
    spin_unlock(&d->log_lock);
    return state;
}

bool dirty_entry_provide(struct domain *d, uint64_t pfn)
{
    int state = entry_state(d, pfn);
    struct dirty_middle *middle;
    struct dirty_leaf *leaf;
    bool there;

    if (state)
        return state > 0;
    /* Not under the lock: the allocator may have to wait for other processors. */
    middle = page_alloc(0);
    leaf = page_alloc(0);
    spin_lock(&d->log_lock);
    there = d->log && !d->log->closing && pages_install(d->log, pfn, &middle, &leaf);
    spin_unlock(&d->log_lock);
    if (middle)
        page_free(middle, 0);
    if (leaf)
        page_free(leaf, 0);
    return there;
}

void dirty_table_free(struct dirty_log *log, unsigned i)
{
    struct dirty_middle *middle = log->root[i];

    if (!middle)
        return;
    for (unsigned j = 0; j < DIRTY_MIDDLE_ENTRIES; j++)
        if (middle->leaf[j])
            page_free(middle->leaf[j], 0);
    page_free(middle, 0);
    log->root[i] = NULL;
}
