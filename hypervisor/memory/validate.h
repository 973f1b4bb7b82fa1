/* Whole tables: giving each entry its references and taking them back. */
#ifndef MEMORY_VALIDATE_H
#define MEMORY_VALIDATE_H

#include "lib/types.h"
#include "memory/page_type.h"

struct domain;

/* The key that the frame named by entry `index` of a table with `key` must have. */
uint64_t table_child_key(const struct domain *d, uint64_t key, unsigned index);

/* True when the guest may write that entry; the rest is Ringfort's. */
bool table_slot_is_guests(const struct domain *d, uint64_t key, unsigned index);

/* Address bits of the first cache on a processor that has L1TF; 0: it has not. Set at boot. */
extern unsigned l1tf_bits;

/* True when the domain may have that non-present entry in a table of that level. Domain0, which may
 * read all memory anyway, may have any. */
bool absent_ok(const struct domain *d, enum frame_type level, uint64_t entry);

/* True when a present leaf of RAM in a table of `pt_owner` may be cached that way. Only the domain
 * that drives devices may bypass the caches (XSA-402); a frame that it writes past them is marked.
 * The caller holds the leaf's references. */
bool leaf_caching_ok(const struct domain *pt_owner, uint64_t entry);

/* Checks a present leaf and takes its references; completes the entry, which may then name a copy
 * of the frame (memory/dirty_log.h). `pt_owner` owns the table
 * and its paging lock is held; `page_owner` is whose frames may be mapped (dom_io: device memory
 * only). 0, -EINVAL, -ERESTART. */
int leaf_get(struct domain *pt_owner, struct domain *page_owner, uint64_t *entry);
/* Drops the references of a present leaf. */
void leaf_put(uint64_t entry);

/* A level-1 table of `d`: takes references for the entries from *index up; *index is then the first
 * one without. 0, -EINVAL, -ERESTART. */
int leaves_fill(struct domain *d, uint64_t *table, unsigned *index);
/* Drops those of the entries below *index: 0, or -ERESTART with *index moved. */
int leaves_drop(const uint64_t *table, unsigned *index);

/* Checks a present entry of a table with `key` at `index` and takes its references; completes the
 * entry. `nested`: see type_get_nested. 0, -EINVAL, -ERESTART. */
int entry_get(struct domain *d, uint64_t key, unsigned index, uint64_t *entry, bool nested);

/* Takes references for the entries of `f` from *index up; *index is then the first one without.
 * 0 (all), -EINVAL, -ERESTART. The frame is busy and its owner's paging lock held. */
int table_fill(struct frame *f, uint64_t key, unsigned *index);

/* Drops the references of the entries below *index, downwards. 0 or -ERESTART with *index moved. */
int table_drop(struct frame *f, uint64_t key, unsigned *index);

#endif
