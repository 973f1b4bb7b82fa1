/* TLB flushes. In every root mode, "flush" covers kernel and user tables and global entries. */
#ifndef MEMORY_TLB_H
#define MEMORY_TLB_H

#include "lib/bitmap.h"
#include "lib/types.h"

struct domain;

/* Everything guest-related on this CPU. */
void tlb_flush_local(void);
/* One guest page on this CPU. */
void tlb_flush_page_local(uint64_t va);
/* Everything on the CPUs of the set, this one included if it is in; returns when done. */
void tlb_flush_mask(const cpumask_t *cpus);
void tlb_flush_page_mask(const cpumask_t *cpus, uint64_t va);
/* CPUs that may hold translations of the domain's vCPUs. */
void tlb_domain_cpus(const struct domain *d, cpumask_t *out);
/* Write back and invalidate caches on every CPU. */
void cache_flush_all(void);

/* Writes back and drops one page's lines from every cache; by its address in the direct map. */
void cache_flush_page(const void *page);

/* The flush clock: a frame stamped when it lost its last writable reference needs a flush only on
 * CPUs that have not flushed everything since. */
uint32_t tlb_clock(void);
void tlb_flush_needed(const cpumask_t *cpus, uint32_t stamp, cpumask_t *out);

#endif
