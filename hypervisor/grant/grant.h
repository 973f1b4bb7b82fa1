/* Grant tables (SOSP'03 3.2): the sharing under every I/O ring. Version 1. */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "lib/types.h"

struct domain;

/* Makes a table of one shared frame that may grow to `max_frames`, and room to track mappings in up
 * to `max_maptrack` pages. 0, -EINVAL for no frames at all, -ENOMEM. */
int grant_init_domain(struct domain *d, unsigned max_frames, unsigned max_maptrack);
/* Unmaps what the dying domain still maps of others: 0 or -ERESTART. The frames' references that
 * its page tables hold go with the page tables. */
int grant_release_mappings(struct domain *d);
/* Takes the shared frames from a domain that has died; others may still map what it granted. */
void grant_free_domain(struct domain *d);
/* Frees the private part, when nobody refers to the domain any more. NULL table allowed. */
void grant_destroy_domain(struct domain *d);

/* The frame behind shared grant page `index`, grown to it if allowed (acquire_resource, setup). 0;
 * -EINVAL: past the limit or the domain is dying; -ENOMEM. */
int grant_shared_frame(struct domain *d, unsigned index, mfn_t *out);
/* How many shared frames the domain's table may have. */
unsigned grant_max_frames(const struct domain *d);

/* For the oracle: reports the references that the domain's grants in use and its mappings of
 * others' grants hold, and panics unless each use is a mapping and each mapping a use. All domains
 * stand still. NULL table allowed. */
void grant_recount(const struct domain *d);

#endif
