/*
 * One grant: the entry that the granter writes, and Ringfort's private record of its use. Pure:
 * compiles on the host.
 *
 * The granter may change the shared entry at any time. So it is read once, by one atomic operation,
 * when use begins; from then on only the private record counts.
 */
#ifndef GRANT_ENTRY_H
#define GRANT_ENTRY_H

#include "lib/abi.h"
#include <xen/grant_table.h>

#include "lib/types.h"

struct grant_active {
    uint32_t readers, writers; /* uses under way: mappings and copies, by what they may do */
    uint32_t frame;            /* MFN, while in use */
    domid_t user;              /* the domain that uses it, while in use */
};

/* True while a mapping or copy uses the grant: the record then holds a frame. */
static inline bool grant_in_use(const struct grant_active *a)
{
    return a->readers || a->writers;
}

/* Begins one use by domain `user`: GNTST_okay, or what is wrong with the entry. On the first use
 * the granter's frame number is taken over; it is not checked here. The entry's reading and writing
 * flags tell the granter. */
int grant_begin(struct grant_entry_v1 *shared, struct grant_active *active, domid_t user,
                bool writes);

/* Ends one use. `shared` is NULL when the granter's table is gone. */
void grant_end(struct grant_entry_v1 *shared, struct grant_active *active, bool writes);

/* Binds an entry that is open for a frame of domain `from`: GNTST_okay, or what is wrong with it.
 * Its granter then waits for one of the two below. */
int grant_commit(struct grant_entry_v1 *shared, domid_t from);
/* Tells the frame that has come; or that none comes, and opens the entry again. */
void grant_complete(struct grant_entry_v1 *shared, uint32_t frame);
void grant_reopen(struct grant_entry_v1 *shared);

#endif
