/*
 * Giving a dead domain's memory back. Base pointers, descriptor tables and registered areas have
 * been dropped before; here every frame loses its pin and its allocation. What other domains still
 * map stays until they let go, and holds the domain's structure with it.
 *
 * Frames move from d->pages to d->teardown as they are done with; the list is the place to go on
 * from after a preemption.
 */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "schedule/schedule.h"

/* The next frame, with a reference; NULL when none is left. */
static struct frame *next_frame(struct domain *d)
{
    struct frame *f = NULL;

    spin_lock(&d->pages_lock);
    while (!list_empty(&d->pages)) {
        f = list_first(&d->pages, struct frame, link);
        list_del(&f->link);
        list_add_tail(&d->teardown, &f->link);
        /* One whose last reference another CPU has just dropped goes by itself. */
        if (frame_hold_listed(f))
            break;
        f = NULL;
    }
    spin_unlock(&d->pages_lock);
    return f;
}

/* Not finished: it comes first next time. */
static void requeue(struct domain *d, struct frame *f)
{
    spin_lock(&d->pages_lock);
    list_del(&f->link);
    list_add(&d->pages, &f->link);
    spin_unlock(&d->pages_lock);
}

/* Undoes the pin and what was left partial: 0 or -ERESTART. */
static int type_release(struct domain *d, struct frame *f)
{
    int rc = 0;

    spin_lock(&d->paging_lock);
    if (f->type & TYPE_PINNED) {
        __atomic_fetch_and(&f->type, ~TYPE_PINNED, __ATOMIC_SEQ_CST);
        rc = type_put_nested(f);
        frame_put(f);
    } else if (type_is_partial(f->type)) {
        rc = type_undo(f);
    }
    spin_unlock(&d->paging_lock);
    return rc;
}

int memory_teardown(struct domain *d)
{
    struct frame *f;
    int rc = dirty_log_disable(d);

    if (rc)
        return rc;
    while ((f = next_frame(d)) != NULL) {
        rc = type_release(d, f);
        if (rc) {
            requeue(d, f);
            frame_put(f);
            return rc;
        }
        domain_release_frame(f);
        frame_put(f);
        if (preempt_needed())
            return -ERESTART;
    }
    return 0;
}
