/* Changing one entry of a live table: what the hypercalls, trapped stores and grants share. */
#ifndef MEMORY_ENTRY_UPDATE_H
#define MEMORY_ENTRY_UPDATE_H

#include "memory/frame_table.h"

struct domain;

/* In all three the paging lock of the table's owner is held, and on an error nothing has changed.
 * 0, -EINVAL, -ERESTART. */

/* Level 1: `slot` is the entry in the direct map. `preserve_ad`: accessed and dirty bits that are
 * set stay set, atomically. `page_owner` as for leaf_get. */
int leaf_update(struct domain *pt_owner, struct domain *page_owner, uint64_t *slot, uint64_t new,
                bool preserve_ad);

/* Level 1, if the entry still is `old`: -EAGAIN when not (the processor set accessed or dirty). */
int leaf_replace(struct domain *d, uint64_t *slot, uint64_t old, uint64_t new);

/* Levels 2 to 4: entry `index` of the live table `f` of `d`. A subtree that loses its last
 * reference may be left in the dying-table slot. */
int table_entry_update(struct domain *d, struct frame *f, unsigned index, uint64_t new,
                       bool preserve_ad);

/* The level-1 entry that maps `va` under a root of `d`, in the direct map; NULL when a level above
 * is missing. Without the paging lock the answer may be stale, but always is an entry of RAM. */
uint64_t *leaf_slot(const struct domain *d, mfn_t root, uint64_t va);

#endif
