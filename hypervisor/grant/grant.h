/* Grant tables (SOSP'03 3.2): the sharing under every I/O ring. Version 1. */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "lib/types.h"

struct domain;

int grant_init_domain(struct domain *d, unsigned max_frames, unsigned max_maptrack);
/* Unmaps what the dying domain still maps of others: 0 or -ERESTART. */
int grant_release_mappings(struct domain *d);
void grant_free_domain(struct domain *d);

/* The frame behind shared grant page `index`, grown to it if allowed (acquire_resource, setup). */
int grant_shared_frame(struct domain *d, unsigned index, mfn_t *out);

#endif
