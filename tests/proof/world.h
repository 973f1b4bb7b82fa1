/*
 * A machine of PROOF_FRAMES frames and tables of PROOF_ENTRIES entries, two domains, in any state
 * that meets the contract at the head of memory/page_type.c. Operations run on the paging lock of
 * domain 0, which is all that spin_held() knows.
 *
 * References that come from outside what is modelled (base pointers, grants, tables of a level that
 * a proof leaves out) are "hidden": what the counts say beyond the entries found. An operation must
 * leave each frame's hidden references as they were, but for those it is to take or drop itself.
 */
#ifndef TESTS_PROOF_WORLD_H
#define TESTS_PROOF_WORLD_H

/* end_mfn and section_mapped are that file's own. */
#include "../../hypervisor/memory/frame.c"

#include "lib/errno.h"
#include "memory/dying.h"
#include "memory/hypmap.h"
#include "memory/validate.h"
#include "proof.h"
#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/irq.h"

static struct frame frames[PROOF_FRAMES];
uint64_t proof_memory[PROOF_FRAMES * TABLE_ENTRIES];
uint64_t proof_m2p[PROOF_FRAMES];
static struct domain domains[2], device_domain, ringfort_domain;
struct domain *dom_io = &device_domain, *dom_xen = &ringfort_domain, *domain0;
static uint64_t ringfort_slots[TABLE_ENTRIES];
uint64_t *hv_root = ringfort_slots;
enum root_mode root_mode;
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

bool preempt_needed(void)
{
    return any_bool();
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

void tlb_flush_mask(const cpumask_t *cpus)
{
    flushes++;
}

void cache_flush_page(const void *page)
{
    cache_flushes++;
}

bool mmio_allowed(const struct domain *d, mfn_t first, uint64_t count)
{
    return any_bool();
}

bool mmio_read_only(mfn_t m)
{
    return any_bool();
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

static uint32_t types_of(unsigned n)
{
    return frames[n].type & TYPE_COUNT;
}

/* First entry of a table that holds no reference; 0 for what is no table. */
static unsigned held_end(unsigned n)
{
    uint64_t word = frames[n].type;

    if (!key_is_table(word))
        return 0;
    if (type_is_partial(word))
        return ((word & TYPE_PARTIAL) >> TYPE_PARTIAL_SHIFT) - 1;
    return word & TYPE_COUNT ? TABLE_ENTRIES : 0;
}

/* References found, per frame: entries, the allocation, the pin, the partial state's own. */
static struct {
    uint32_t all, typed;
} found[PROOF_FRAMES];

/* The rules of a proof's own level for one present entry that holds references. */
static bool entry_ok(unsigned table, unsigned index, uint64_t e);
/* True when that entry refers through the type. */
static bool entry_is_typed(uint64_t e);

static bool entries_count(unsigned table)
{
    bool ok = true;

    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t e = proof_memory[table * TABLE_ENTRIES + i];

        if (i >= held_end(table) || !(e & PTE_PRESENT))
            continue;
        ok = ok && entry_ok(table, i, e);
        for (unsigned n = 0; n < PROOF_FRAMES; n++)
            if (pte_mfn(e).n == n) {
                found[n].all++;
                found[n].typed += entry_is_typed(e);
            }
    }
    return ok;
}

/* Rules 2, 3 and 6 and the form of the two words. */
static bool frame_ok(unsigned n)
{
    const struct frame *f = &frames[n];
    const uint64_t known = TYPE_COUNT | TYPE_KEY | TYPE_PINNED | TYPE_UNCACHED | TYPE_PARTIAL;
    uint64_t partial = f->type & TYPE_PARTIAL;

    if (f->type & ~known || (f->count & ~(COUNT_ALLOCATED | COUNT_REFS)) != COUNT_RAM)
        return false;
    if (!f->owner)
        return !f->type && f->count == COUNT_RAM && !found[n].all;
    if (!refs_of(n) || (partial && types_of(n)) || partial == TYPE_BUSY ||
        held_end(n) > TABLE_ENTRIES)
        return false;
    if ((partial || f->type & TYPE_PINNED) && !key_is_table(f->type))
        return false;
    if (f->type & TYPE_UNCACHED && key_type(f->type) != FRAME_WRITABLE)
        return false;
    if (types_of(n) && key_type(f->type) == FRAME_NONE)
        return false;
    /* References through the type are among all. */
    return types_of(n) >= found[n].typed && refs_of(n) >= found[n].all &&
           refs_of(n) - found[n].all >= types_of(n) - found[n].typed;
}

/* Counts what can be found and says whether the contract holds, as far as the proof's tables go. */
static bool world_ok(void)
{
    bool ok = true;

    for (unsigned n = 0; n < PROOF_FRAMES; n++) {
        bool pinned = frames[n].type & TYPE_PINNED, partial = type_is_partial(frames[n].type);

        found[n].typed = pinned;
        found[n].all = pinned + partial + ((frames[n].count & COUNT_ALLOCATED) != 0);
    }
    for (unsigned t = 0; t < PROOF_FRAMES; t++)
        ok = entries_count(t) && ok;
    for (unsigned n = 0; n < PROOF_FRAMES; n++)
        ok = frame_ok(n) && ok;
    return ok;
}

static uint32_t typed_before[PROOF_FRAMES], plain_before[PROOF_FRAMES];

/* Hidden references through the type, and the others; world_ok() has counted. */
static uint32_t hidden_typed(unsigned n)
{
    return types_of(n) - found[n].typed;
}

static uint32_t hidden_plain(unsigned n)
{
    return refs_of(n) - found[n].all - hidden_typed(n);
}

static unsigned any_frame(void)
{
    unsigned n = any_unsigned();

    ASSUME(n < PROOF_FRAMES);
    return n;
}

/* Any state that meets the contract, with counts small enough that none overflows. */
static void world_any(void)
{
    end_mfn = PROOF_FRAMES;
    section_mapped[0] = 1;
    root_mode = ROOT_GLOBAL;
    vcpu.domain = &domains[0];
    for (unsigned n = 0; n < PROOF_FRAMES; n++) {
        frames[n].type = any_u64();
        frames[n].count = any_unsigned();
        frames[n].owner = any_bool() ? NULL : &domains[any_bool()];
        ASSUME(refs_of(n) < 100 && types_of(n) < 100);
    }
    for (unsigned i = 0; i < PROOF_FRAMES * TABLE_ENTRIES; i++)
        proof_memory[i] = any_u64();
    ASSUME(world_ok());
    for (unsigned n = 0; n < PROOF_FRAMES; n++) {
        typed_before[n] = hidden_typed(n);
        plain_before[n] = hidden_plain(n);
    }
}

/* The contract holds, and hidden references are as before but for `typed` and `plain` more of `n`. */
static void world_prove(unsigned n, int typed, int plain)
{
    bool ok = world_ok(), kept = true;

    for (unsigned i = 0; i < PROOF_FRAMES; i++) {
        kept = kept && hidden_typed(i) == typed_before[i] + (i == n ? typed : 0);
        kept = kept && hidden_plain(i) == plain_before[i] + (i == n ? plain : 0);
    }
    PROVE(ok, "the contract holds");
    PROVE(kept, "exactly the references that the operation says are taken or dropped");
}

#endif
