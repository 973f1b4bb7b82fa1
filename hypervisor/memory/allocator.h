/* The frame allocator: buddy lists of machine frames; Ringfort's own pages and domains' pages. */
#ifndef MEMORY_ALLOCATOR_H
#define MEMORY_ALLOCATOR_H

#include "lib/types.h"
#include "memory/frame.h"

#define MAX_ORDER 18

/* Boot: hands [start, end) machine frames of RAM to the allocator. */
void allocator_add(mfn_t start, mfn_t end);

/* Ringfort's own pages: 1 << order contiguous, zeroed, or NULL. Any CPU, not NMI. */
void *page_alloc(unsigned order);
void page_free(void *page, unsigned order);

/* Frames for a domain: 1 << order machine-contiguous, zeroed, owner set, one allocated reference,
 * counted in tot_pages (refused over max_pages) and on d->pages. Frames lie below
 * 1 << address_bits bytes (0: no limit). NULL when refused or exhausted. */
struct frame *domain_alloc_frames(struct domain *d, unsigned order, unsigned address_bits);

/* Zeroes the block that the same call of domain_alloc_frames() would give, a frame at least, until
 * other work waits. False: not all of it; call again, when that is done. Without it an allocation
 * zeroes all at one go. */
bool domain_prepare_frames(struct domain *d, unsigned order, unsigned address_bits);

/* Drops the allocated reference of a domain's frame (decrease_reservation): false if it was not
 * allocated to a domain any more. */
bool domain_release_frame(struct frame *f);

/* Takes a frame out of the domain, with its contents, if nothing but its allocation refers to it:
 * no mapping, type, grant or pin. Then it is nobody's; a TLB may name it still. */
bool domain_detach_frame(struct domain *d, struct frame *f);
/* The same, and keeps its room below max_pages for one of these: whatever else the domain gets
 * meanwhile, they are not refused for its limit. */
bool domain_detach_frame_for_another(struct domain *d, struct frame *f);
struct frame *domain_alloc_other_frames(struct domain *d, unsigned order, unsigned address_bits);
int domain_reattach_frame(struct domain *d, struct frame *f);
/* Makes such a frame a domain's, once no TLB names it. 0; -ENOMEM: it may not have so many. */
int domain_attach_frame(struct domain *d, struct frame *f);

/* Makes frames that no domain owns (boot modules) a domain's, as domain_alloc_frames would. */
int domain_assign_frames(struct domain *d, struct frame *f, unsigned order);

/* Sets memory aside so that the domain can have `pages` pages in all, what it has included; 0 drops
 * the claim. What it gets from then on uses the claim up; what it gives back does not renew it.
 * Others, Ringfort too, cannot have claimed frames. 0; -EINVAL: it has a claim, or the number is
 * under what it has or over what it may have; -ENOMEM. */
int domain_claim(struct domain *d, uint64_t pages);

/* Frames that nobody has, those of them that are claimed, and all that the allocator was ever
 * given. */
uint64_t frames_free(void);
uint64_t frames_claimed(void);
uint64_t frames_total(void);

#endif
