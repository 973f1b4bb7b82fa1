/* The type word of a frame, from inside memory/: what the state machine in page_type.c offers to
 * the files that walk tables. */
#ifndef MEMORY_PAGE_TYPE_H
#define MEMORY_PAGE_TYPE_H

#include "memory/frame_table.h"

struct domain;

/* A key is the part of the type word that says what the frame is: type and, for a level-2 table of
 * a 32-bit guest, whether it is the one with Ringfort's hole. */
#define TYPE_KEY (TYPE_MASK | TYPE_TOP_L2)

/* What a writable frame has gone through; kept without a reference until it takes another type. */
#define TYPE_HISTORY (TYPE_UNCACHED | TYPE_LENT)

/* The key of a type without more; and from a type word, the type, and whether it is a table's. */
static inline uint64_t type_key(enum frame_type type)
{
    return (uint64_t)type << TYPE_SHIFT; /* NOLINT: the analyzer takes the shift for an int's */
}

static inline enum frame_type key_type(uint64_t word)
{
    return (word & TYPE_MASK) >> TYPE_SHIFT;
}

static inline bool key_is_table(uint64_t word)
{
    enum frame_type t = key_type(word);

    return t >= FRAME_L1 && t <= FRAME_L4;
}

/* True for a table with references left at some entries, at which nobody works right now. */
static inline bool type_is_partial(uint64_t word)
{
    uint64_t partial = word & TYPE_PARTIAL;

    return partial && partial != TYPE_BUSY;
}

/* Notes that an entry of another domain's tables leads to the frame, writable: whoever takes it for
 * another type must not look for translations with its owner alone. The caller holds a reference
 * through the type. */
static inline void type_note_lent(struct frame *f)
{
    if (!(READ_ONCE(f->type) & TYPE_LENT))
        __atomic_fetch_or(&f->type, TYPE_LENT, __ATOMIC_SEQ_CST);
}

/* True while the frame is a valid table of any level. */
static inline bool type_is_live_table(uint64_t word)
{
    return (word & TYPE_COUNT) && key_is_table(word);
}

/* The key of `f` if it is a valid table of `d`, whose paging lock is held: it stays one meanwhile.
 * Else 0. No reference is needed. */
uint64_t type_key_of_table(struct frame *f, struct domain *d);

/* Takes a type reference; the caller holds a total reference. For tables the owner's paging lock is
 * held, and `locked` says so: then a partial frame in the way is undone first, else it is refused.
 * 0, -EINVAL, -ERESTART. What a failed validation took is given back here or left in the dying
 * slot. */
int type_get(struct frame *f, uint64_t key, bool locked);

/* The same inside a validation: what a failed one took stays recorded in the frame as partial, for
 * the parent's undoing. */
int type_get_nested(struct frame *f, uint64_t key);

/* Drops a type reference: 0, or -ERESTART when the table's take-down was interrupted; the reference
 * is gone in both cases and the frame then is partial. */
int type_put_nested(struct frame *f);

/* Takes a partial frame down: 0 (no longer partial, perhaps free), -ERESTART. Paging lock held. */
int type_undo(struct frame *f);

/* Adds the pin: total and type reference. 0, -EINVAL (already pinned or not of that type),
 * -ERESTART. Paging lock of `d` held. */
int type_pin(struct frame *f, struct domain *d, uint64_t key);
/* Removes it; -EINVAL when not pinned. Paging lock of the owner held. */
int type_unpin(struct frame *f);

/* A total reference for a caller who has one already. */
void frame_hold(struct frame *f);
/* One for a walk over its owner's list of pages, whose lock is held: not refused to Ringfort when
 * the guest has taken all that it may. False: the last one has gone, and the frame is about to
 * leave the list. */
bool frame_hold_listed(struct frame *f);
/* frame_get() for a look of Ringfort's own, which the guest must not be able to have refused. */
bool frame_hold_owned(struct frame *f, struct domain *d);

#endif
