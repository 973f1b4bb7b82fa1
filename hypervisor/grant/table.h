/* What the files of grant/ share among themselves. */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include "domain/domain.h"
#include "grant/entry.h"
#include "grant/grant.h"
#include "grant/maptrack.h"

struct frame;

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

/*
 * A domain's two roles. As granter: the shared frames, and for each entry its private record. As
 * user: the mappings it has made. The lock covers both; no two domains' locks are held at once, and
 * none while page tables change.
 */
struct grant_table {
    spinlock_t lock; /* LOCK_GRANT */
    unsigned nr_frames, max_frames;
    struct grant_entry_v1 **shared; /* max_frames pointers; NULL when the frames were taken back */
    struct grant_active **active;
    struct maptrack maptrack;
    uint32_t released; /* handles that the dying domain's walk has passed */
};

/* The private record of entry `ref`, which is below nr_frames * GRANTS_PER_FRAME. */
static inline struct grant_active *grant_active_of(const struct grant_table *t, uint32_t ref)
{
    return &t->active[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME];
}

/* Makes the table at least `nr_frames` long, at most max_frames. Lock held. 0, -EINVAL, -ENOMEM. */
int grant_grow(struct domain *d, unsigned nr_frames);

/* Begins a use of granter's entry `ref` by domain `user`: GNTST_okay and the frame, which is held
 * as long as any use lasts; or an error. Takes granter's lock. */
int grant_use(struct domain *granter, uint32_t ref, domid_t user, bool writes,
              struct frame **frame);
void grant_end_use(struct domain *granter, uint32_t ref, bool writes);
/* The frame of an entry that the caller knows to be in use. */
struct frame *grant_frame_in_use(struct domain *granter, uint32_t ref);

/* Gives `f`, which was detached from domain `from`, to `to` through its entry `ref`: GNTST_okay, or
 * an error, with which the frame is nobody's still. Takes the lock of `to`. */
int grant_accept(struct domain *to, uint32_t ref, domid_t from, struct frame *f);

/* References that one mapping or copy needs itself: plain, and for writing the writable type, so
 * that no page table is written through it. GNTST_okay or an error. */
int grant_take_frame(struct frame *f, struct domain *owner, bool writes);
void grant_put_frame(struct frame *f, bool writes);

/* Tells the guest an element's status (GNTST_*), at the address of its field. 0 or -EFAULT. */
long grant_report(uint64_t at, int status);
/* One element of the operations that take a list, at a guest's address; it reports for itself. 0 or
 * -EFAULT. */
long grant_op_map(uint64_t at);
long grant_op_unmap(uint64_t at);
long grant_op_unmap_and_replace(uint64_t at);
long grant_op_copy(uint64_t at);
long grant_op_transfer(uint64_t at);
/* Those that take one structure. */
long grant_op_setup_table(uint64_t uop);
long grant_op_query_size(uint64_t uop);
long grant_op_set_version(uint64_t uop);
long grant_op_get_version(uint64_t uop);

#endif
