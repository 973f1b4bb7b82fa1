/* A machine of PROOF_FRAMES frames and tables of PROOF_ENTRIES entries, and two domains. Operations
 * run under the paging lock of domain 0, which is all that spin_held() knows. */
#ifndef TESTS_PROOF_WORLD_H
#define TESTS_PROOF_WORLD_H

/* end_mfn and section_mapped are that file's own. */
#include "../../hypervisor/memory/frame.c"

#include "lib/errno.h"
#include "memory/dying.h"
#include "memory/validate.h"
#include "proof.h"
#include "x86/current.h"

static struct frame frames[PROOF_FRAMES];
uint64_t proof_memory[PROOF_FRAMES * TABLE_ENTRIES];
uint64_t proof_m2p[PROOF_FRAMES];
uint32_t proof_compat_m2p[PROOF_FRAMES];
static struct domain domains[2], ringfort_domain;
struct domain *dom_xen = &ringfort_domain;
cpumask_t cpus_online = {{3}};
static struct vcpu vcpu;
struct vcpu *host_current = &vcpu;
unsigned host_cpu;

void *proof_frame_table(void)
{
    return frames;
}

void spin_lock(spinlock_t *l)
{
}

void spin_unlock(spinlock_t *l)
{
}

bool spin_held(const spinlock_t *l)
{
    return l == &domains[0].paging_lock;
}

static unsigned flushes, cache_flushes;

uint32_t tlb_clock(void)
{
    return any_unsigned();
}

/* Asked for who has to flush, all have. */
void tlb_flush_needed(const cpumask_t *cpus, uint32_t stamp, cpumask_t *out)
{
    *out = *cpus;
}

static bool asked_owner;

void tlb_domain_cpus(const struct domain *d, cpumask_t *out)
{
    PROVE(d == &domains[0], "translations are looked for with the owner");
    asked_owner = true;
    *out = cpus_online;
}

void tlb_flush_mask(const cpumask_t *cpus)
{
    flushes++;
}

void cache_flush_page(const void *page)
{
    cache_flushes++;
}

/* The allocator's part, in short. */
void frame_unused(struct frame *f)
{
    PROVE(f->owner != NULL, "a frame becomes free once");
    PROVE(!(f->type & (TYPE_COUNT | TYPE_PARTIAL)), "no typed or partial frame becomes free");
    f->owner = NULL;
    f->type = 0;
    f->count = COUNT_RAM;
}

static uint32_t refs_of(unsigned n)
{
    return frames[n].count & COUNT_REFS;
}

#endif
