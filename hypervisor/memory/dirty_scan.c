/*
 * The look at all frames that tells what is dirty. It stops when other work waits. How far it has
 * come is in the log, as a reference to the frame looked at last, which keeps its place in the
 * domain's list. Who continues shows the token; anybody else begins anew.
 */
#include "memory/dirty_log.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/dirty_table.h"
#include "memory/guest_copy.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "schedule/schedule.h"

#include <xen/domctl.h>

/* The log, if this scan is still the one under way. The lock is held. */
static struct dirty_log *scans_log(const struct domain *d, const struct dirty_scan *s)
{
    struct dirty_log *log = d->log;

    return log && !log->closing && log->token == s->token ? log : NULL;
}

static int scan_begin(struct domain *d, struct dirty_scan *s)
{
    struct frame *at = NULL;
    struct dirty_log *log;
    int rc = 0;

    spin_lock(&d->log_lock);
    log = d->log;
    if (!log || log->closing) {
        rc = refuse(-EINVAL);
    } else if (!s->token || s->token != log->token) {
        s->token = ++log->token ? log->token : ++log->token;
        at = log->at;
        log->at = NULL;
        log->cleared = 0;
        log->dirty = 0;
        log->scan_all = log->all_moved;
        if (s->clean)
            log->all_moved = false;
    }
    spin_unlock(&d->log_lock);
    if (at)
        frame_put(at);
    return rc;
}

static int bitmap_clear(struct domain *d, const struct dirty_scan *s)
{
    uint64_t bytes = s->pages / 8 + (s->pages % 8 != 0);

    for (;;) {
        uint64_t from = bytes, n;

        spin_lock(&d->log_lock);
        if (scans_log(d, s))
            from = d->log->cleared;
        n = MIN(bytes - MIN(from, bytes), PAGE_SIZE);
        if (n)
            d->log->cleared = from + n;
        spin_unlock(&d->log_lock);
        if (!n)
            return 0;
        if (!clear_guest(s->bitmap + from, n))
            return refuse(-EFAULT);
        if (preempt_needed())
            return -ERESTART;
    }
}

/* The frame behind `f` in the list (NULL: the first one), with a reference; that to `f` is given
 * back. NULL at the end, and in a dying domain, whose frames move to another list: `f` may be there
 * by now. */
static struct frame *frame_after(struct domain *d, struct frame *f)
{
    struct frame *found = NULL;
    struct list *l;

    spin_lock(&d->pages_lock);
    l = f ? f->link.next : d->pages.next;
    for (; d->state == DOMAIN_ALIVE && l != &d->pages && !found; l = l->next) {
        found = list_entry(l, struct frame, link);
        /* One whose last reference has just gone is about to leave the list. */
        if (!frame_hold_listed(found))
            found = NULL;
    }
    spin_unlock(&d->pages_lock);
    if (f)
        frame_put(f);
    return found;
}

/* True when the reader would get another page than it got last. The lock is held. */
static bool is_changed(const struct dirty_log *log, const struct frame *f,
                       const struct dirty_entry *e)
{
    uint8_t kind = frame_info(f) >> XEN_DOMCTL_PFINFO_LTAB_SHIFT;

    if (!e || !e->read || e->moved || e->kind != kind)
        return true;
    if (kind && e->moves != log->moves)
        return true;
    return !page_hash_equal(e->hash, page_hash(&log->key, mfn_to_virt(frame_mfn(f))));
}

/* Looks at the next frame. 1: it is dirty and *pfn its number; 0: it is not; -ENOENT: there is no
 * more; -EINVAL. */
static int scan_frame(struct domain *d, const struct dirty_scan *s, uint64_t *pfn)
{
    struct frame *f, *at = NULL;
    struct dirty_entry *e;
    struct dirty_log *log;
    int rc = 0;

    spin_lock(&d->log_lock);
    log = scans_log(d, s);
    if (log) {
        at = log->at;
        log->at = NULL;
    }
    spin_unlock(&d->log_lock);
    if (!log)
        return refuse(-EINVAL);
    f = frame_after(d, at);
    if (!f)
        return -ENOENT;
    *pfn = m2p_get(frame_mfn(f));
    spin_lock(&d->log_lock);
    log = scans_log(d, s);
    if (!log || log->at) {
        spin_unlock(&d->log_lock);
        frame_put(f);
        return refuse(-EINVAL);
    }
    log->at = f;
    if (*pfn < s->pages) {
        e = dirty_entry_find(log, *pfn);
        rc = log->scan_all || is_changed(log, f, e);
        log->dirty += rc;
        if (e && s->clean && (e->moved || log->scan_all))
            e->moved = e->read = false;
    }
    spin_unlock(&d->log_lock);
    return rc;
}

static bool bit_report(uint64_t bitmap, uint64_t pfn)
{
    uint8_t byte;

    if (!copy_from_guest(&byte, bitmap + pfn / 8, 1))
        return false;
    byte |= 1u << pfn % 8;
    return copy_to_guest(bitmap + pfn / 8, &byte, 1);
}

static void scan_end(struct domain *d, struct dirty_scan *s)
{
    uint64_t copies = 0;
    unsigned number = 0;

    spin_lock(&d->log_lock);
    if (scans_log(d, s)) {
        s->dirty = d->log->dirty;
        number = ++d->log->scans;
        copies = d->log->copies;
        d->log->copies_before += copies;
        d->log->copies = 0;
    }
    spin_unlock(&d->log_lock);
    log_info("domain %u: scan %u for dirty frames: %lu were read, %u of %lu are to be read", d->id,
             number, (unsigned long)copies, s->dirty, (unsigned long)d->tot_pages);
}

int dirty_log_scan(struct domain *d, struct dirty_scan *s)
{
    int rc = scan_begin(d, s);
    uint64_t pfn = 0;

    if (rc == 0)
        rc = bitmap_clear(d, s);
    if (rc)
        return rc;
    for (;;) {
        rc = scan_frame(d, s, &pfn);
        if (rc < 0)
            break;
        if (rc && !bit_report(s->bitmap, pfn))
            return refuse(-EFAULT);
        if (preempt_needed())
            return -ERESTART;
    }
    if (rc != -ENOENT)
        return rc;
    scan_end(d, s);
    return 0;
}
