/* Grants: pages of this domain's that another one may use. */
#ifndef GUEST_GRANT_H
#define GUEST_GRANT_H

#include "abi.h"

/* The table of version 1, for who wants to write an entry himself; references from GRANT_FIRST to
 * GRANT_ENTRIES are grant_give's. Set up by grant_init. */
#define GRANT_FRAMES 2
#define GRANT_FIRST GNTTAB_NR_RESERVED_ENTRIES
#define GRANT_ENTRIES (GRANT_FRAMES * PAGE_SIZE / sizeof(struct grant_entry_v1))
extern volatile struct grant_entry_v1 *grant_table;

/* Maps the table; further calls do nothing. */
void grant_init(void);

/* Grants a frame to a domain with flags (0, GTF_readonly): the reference. */
grant_ref_t grant_give(unsigned domain, mfn_t frame, unsigned flags);

/* Takes a grant back: false, with nothing changed, while the other domain still uses it. */
bool grant_end(grant_ref_t ref);

#endif
