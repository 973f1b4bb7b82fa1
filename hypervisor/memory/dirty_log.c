/* Switching the log on and off, and what the reader reads; see dirty_log.h. */
#include "memory/dirty_log.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/dirty_table.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "schedule/schedule.h"
#include "x86/current.h"

#include <xen/domctl.h>

/* Copies leave this part of all memory to others; below it the reader gets the frames themselves.
 */
#define COPIES_LEAVE 64

int dirty_log_enable(struct domain *d, uint64_t seed)
{
    struct dirty_log *log;
    int rc = 0;

    if (READ_ONCE(d->log))
        return refuse(-EINVAL);
    log = zalloc(sizeof(*log));
    if (!log)
        return -ENOMEM;
    hash_key_make(&log->key, seed);
    log->reader = current->memory.kernel_root;
    spin_lock(&d->log_lock);
    if (d->log || READ_ONCE(d->state) != DOMAIN_ALIVE)
        rc = refuse(-EINVAL);
    else
        WRITE_ONCE(d->log, log);
    spin_unlock(&d->log_lock);
    if (rc)
        zfree(log);
    return rc;
}

/* Frees tables until all are gone or it is time to stop. The lock is held. */
static int tables_free(struct domain *d)
{
    struct dirty_log *log = d->log;

    while (log->closed < DIRTY_ROOT_ENTRIES) {
        bool was_used = log->root[log->closed];

        dirty_table_free(log, log->closed++);
        if (was_used && preempt_needed())
            return -ERESTART;
    }
    return 0;
}

int dirty_log_disable(struct domain *d)
{
    struct dirty_log *log;
    struct frame *at = NULL;
    int rc = 0;

    /* Not without the lock: who has just found the domain alive may be about to switch it on. */
    spin_lock(&d->log_lock);
    log = d->log;
    if (log) {
        log->closing = true;
        at = log->at;
        log->at = NULL;
        rc = tables_free(d);
        if (rc == 0)
            WRITE_ONCE(d->log, NULL);
    }
    spin_unlock(&d->log_lock);
    if (at)
        frame_put(at);
    if (log && rc == 0) {
        log_info("domain %u: log of dirty frames off after %u scans, %lu frames read", d->id,
                 log->scans, (unsigned long)(log->copies_before + log->copies));
        zfree(log);
    }
    return rc;
}

/* The log of `d` if `current` is its reader now. The lock is held. */
static struct dirty_log *readers_log(const struct domain *d)
{
    struct dirty_log *log = d->log;

    return log && !log->closing && log->reader.n == current->memory.kernel_root.n ? log : NULL;
}

void dirty_log_told(struct domain *d, struct frame *f, uint32_t kind)
{
    uint64_t pfn = m2p_get(frame_mfn(f));
    struct dirty_entry *e;
    struct dirty_log *log;

    if (likely(!READ_ONCE(d->log)) || !dirty_entry_provide(d, pfn))
        return;
    spin_lock(&d->log_lock);
    log = readers_log(d);
    e = log ? dirty_entry_find(log, pfn) : NULL;
    if (e) {
        e->kind = kind >> XEN_DOMCTL_PFINFO_LTAB_SHIFT;
        e->told = true;
        e->read = false;
    }
    spin_unlock(&d->log_lock);
}

/* Copies the frame and remembers what the copy is like; false when nobody asked for it. */
static bool copy_record(struct domain *d, const struct frame *f, void *copy)
{
    struct dirty_entry *e = NULL;
    struct dirty_log *log;

    spin_lock(&d->log_lock);
    log = readers_log(d);
    if (log)
        e = dirty_entry_find(log, m2p_get(frame_mfn(f)));
    if (!e || !e->told) {
        spin_unlock(&d->log_lock);
        return false;
    }
    copy_page(copy, mfn_to_virt(frame_mfn(f)));
    e->hash = page_hash(&log->key, copy);
    e->moves = log->moves;
    e->read = true;
    log->copies++;
    spin_unlock(&d->log_lock);
    return true;
}

struct frame *dirty_log_lend(struct domain *d, struct frame *f)
{
    struct frame *lent;
    void *copy;

    if (likely(!READ_ONCE(d->log)) || frame_is_shared(f) ||
        frames_free() < frames_total() / COPIES_LEAVE)
        return f;
    copy = page_alloc(0);
    if (!copy)
        return f;
    if (!copy_record(d, f, copy)) {
        page_free(copy, 0);
        return f;
    }
    lent = frame_of(virt_to_mfn(copy));
    frame_lend(lent);
    frame_put(f);
    return lent;
}

void pfn_assign(struct domain *d, mfn_t m, uint64_t pfn)
{
    struct dirty_entry *e;

    m2p_set(m, pfn);
    if (likely(!READ_ONCE(d->log)))
        return;
    (void)dirty_entry_provide(d, pfn);
    spin_lock(&d->log_lock);
    if (d->log) {
        d->log->moves++;
        e = dirty_entry_find(d->log, pfn);
        if (e)
            e->moved = true;
        else
            d->log->all_moved = true;
    }
    spin_unlock(&d->log_lock);
}
