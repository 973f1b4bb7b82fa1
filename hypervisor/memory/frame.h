/*
 * The frame table: owner, total count and type of every machine frame. The rules that these obey
 * are at the head of memory/page_type.c. Layout of struct frame is memory/'s own business.
 */
#ifndef MEMORY_FRAME_H
#define MEMORY_FRAME_H

#include "lib/list.h"
#include "lib/types.h"

struct domain;

enum frame_type {
    FRAME_NONE,
    FRAME_L1,
    FRAME_L2,
    FRAME_L3,
    FRAME_L4,
    FRAME_SEGDESC,
    FRAME_WRITABLE,
    FRAME_SHARED, /* shared with Ringfort, never a page table */
};

struct frame;

/* Between a frame's number and its entry in the table. */
struct frame *frame_of(mfn_t m); /* mfn_valid(m) required */
mfn_t frame_mfn(const struct frame *f);
/* True when `m` is a RAM frame that has a frame-table entry. */
bool mfn_valid(mfn_t m);
mfn_t max_mfn(void); /* highest RAM frame */

/* The owner, or NULL for free frames. Stable only under a reference. */
struct domain *frame_owner(const struct frame *f);

/* Takes a reference if `f` is allocated and owned by `d`; false otherwise. */
bool frame_get(struct frame *f, struct domain *d);
/* The same, whoever owns it; returns the owner or NULL. */
struct domain *frame_get_any(struct frame *f);
/* Drops a reference; the last one frees the frame. */
void frame_put(struct frame *f);

/* Takes a type reference (the caller holds a total reference). Page-table types validate.
 * 0; -EINVAL: not of that type and cannot become it; -ERESTART: preempted, restart the hypercall.
 * The owner's paging_lock is held for the page-table types. */
int frame_get_type(struct frame *f, enum frame_type type);
/* Drops a type reference. A table whose last reference this was is taken down, at once or through
 * current's dying-table slot; never fails. */
void frame_put_type(struct frame *f);
/* frame_get + frame_get_type, undone together. -EINVAL when not owned by `d`. */
int frame_get_typed(struct frame *f, struct domain *d, enum frame_type type);
void frame_put_typed(struct frame *f);

/* Makes a Ringfort page readable or writable for `d` (shared_info, grant frames): owner `d`, one
 * allocated reference, total count 1. */
void frame_share(struct frame *f, struct domain *d, bool writable);
/* Ends that: false while the guest still maps it (the page goes when the last reference does). */
bool frame_unshare(struct frame *f);
/* Makes a Ringfort page one that only mappings hold: it has one reference, the caller's, and is
 * freed with the last. */
void frame_lend(struct frame *f);
/* True for pages of both kinds. */
bool frame_is_shared(const struct frame *f);

/* Type bits for getpageframeinfo and the debug keys: XEN_DOMCTL_PFINFO_* value. */
uint32_t frame_info(const struct frame *f);

#endif
