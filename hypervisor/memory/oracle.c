/*
 * The oracle: throws every count away, finds the references again by walking what holds them, and
 * compares. Debug builds and host tests only; it looks at everything and trusts nothing. Whoever
 * holds references must be found from here, or the counts are too high.
 */
#include "memory/oracle.h"

#include "domain/domain.h"
#include "grant/grant.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "memory/dirty_table.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/validate.h"
#include "x86/pirq.h"

struct tally {
    uint32_t refs, types;
};

static struct tally *tallies;

void oracle_found(mfn_t m, bool typed)
{
    if (!mfn_valid(m))
        return;
    tallies[m.n].refs++;
    tallies[m.n].types += typed;
}

static void must(bool holds, const char *what, mfn_t m)
{
    const struct frame *f = frame_of(m);

    if (!holds)
        panic("oracle: frame %lx: %s (type %lx, count %x; found %u references, %u typed)",
              (unsigned long)m.n, what, (unsigned long)f->type, f->count, tallies[m.n].refs,
              tallies[m.n].types);
}

/* Rules 1 and 4 for one present entry; then it is a reference. */
static void look_at_entry(const struct domain *d, mfn_t table, uint64_t key, unsigned i, uint64_t e)
{
    mfn_t m = pte_mfn(e);
    const struct frame *f;

    if (key_type(key) == FRAME_L1) {
        must(e == pte_complete_leaf(e, d->is_compat, root_mode == ROOT_GLOBAL), "leaf bits", table);
        if (mfn_valid(m) && e & PTE_WRITE)
            must((frame_of(m)->type & TYPE_COUNT) && key_type(frame_of(m)->type) == FRAME_WRITABLE,
                 "rule 1", m);
        oracle_found(m, e & PTE_WRITE);
        return;
    }
    must(pte_table_ok(e, d->is_compat && key_type(key) == FRAME_L3), "entry bits", table);
    must(mfn_valid(m), "entry outside RAM", table);
    f = frame_of(m);
    must(f->owner == d && (f->type & TYPE_COUNT) &&
             (f->type & TYPE_KEY) == table_child_key(d, key, i),
         "rule 4", m);
    oracle_found(m, true);
}

/* What a 32-bit guest has in its hole is the array and nothing it could write to. */
static bool hole_is_right(const struct domain *d, const uint64_t *l2)
{
    uint64_t wanted[TABLE_ENTRIES];
    unsigned first = (d->compat_hole_start >> 21) & (TABLE_ENTRIES - 1);

    hypmap_fill_compat_l2(wanted, first);
    return !memcmp(&l2[first], &wanted[first], (TABLE_ENTRIES - first) * sizeof(*l2));
}

/* Entries that hold references: all of a valid table, those below the index of a partial one. */
static void look_at_table(mfn_t m)
{
    const struct frame *f = frame_of(m);
    const uint64_t *table = mfn_to_virt(m);
    unsigned end = TABLE_ENTRIES;

    if (!key_is_table(f->type))
        return;
    if (type_is_partial(f->type)) {
        end = ((f->type & TYPE_PARTIAL) >> TYPE_PARTIAL_SHIFT) - 1;
        oracle_found(m, false);
    } else if (!(f->type & TYPE_COUNT)) {
        return;
    }
    for (unsigned i = 0; i < end; i++)
        if (table[i] & PTE_PRESENT && table_slot_is_guests(f->owner, f->type & TYPE_KEY, i))
            look_at_entry(f->owner, m, f->type & TYPE_KEY, i, table[i]);
    for (unsigned i = HV_SLOT_FIRST;
         key_type(f->type) == FRAME_L4 && f->type & TYPE_COUNT && i <= HV_SLOT_LAST; i++)
        must(table[i] == hv_root[i], "rule 5", m);
    if (f->type & TYPE_TOP_L2 && f->type & TYPE_COUNT)
        must(hole_is_right(f->owner, table), "rule 5: hole", m);
}

static void look_at_vcpu(const struct vcpu *v)
{
    mfn_t roots[] = {v->memory.kernel_root, v->memory.user_root};

    for (unsigned i = 0; i < ARRAY_SIZE(roots); i++) {
        if (!mfn_is_named(roots[i]))
            continue;
        must(type_is_live_table(frame_of(roots[i])->type), "rule 7", roots[i]);
        oracle_found(roots[i], true);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.gdt_frames); i++)
        if (mfn_is_named(v->arch.gdt_frames[i]))
            oracle_found(v->arch.gdt_frames[i], true);
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.ldt_frames); i++)
        if (mfn_is_named(v->arch.ldt_frames[i]))
            oracle_found(v->arch.ldt_frames[i], true);
    if (v->event.info_frame)
        oracle_found(frame_mfn(v->event.info_frame), true);
}

static void look_at_domain(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        look_at_vcpu(v);
    if (d->irqs && d->irqs->eoi_frame)
        oracle_found(frame_mfn(d->irqs->eoi_frame), true);
    if (d->log && d->log->at)
        oracle_found(frame_mfn(d->log->at), false);
    grant_recount(d);
}

/* The references that the frame's own state stands for. */
static void look_at_frame(mfn_t m)
{
    const struct frame *f = frame_of(m);

    must((f->type & TYPE_PARTIAL) != TYPE_BUSY, "left busy", m);
    if (f->count & COUNT_ALLOCATED)
        oracle_found(m, f->count & COUNT_SHARED);
    if (f->type & TYPE_PINNED)
        oracle_found(m, true);
}

static void compare(mfn_t m)
{
    const struct frame *f = frame_of(m);
    const struct tally *t = &tallies[m.n];
    uint32_t refs = f->count & COUNT_REFS, types = f->type & TYPE_COUNT;

    if (!refs) {
        must(!t->refs && !f->owner, "rule 6", m);
        must(f->count & COUNT_FREE || !types, "rule 6: type", m);
        return;
    }
    must(refs >= types + type_is_partial(f->type), "rule 3", m);
    must(!types || !(f->type & TYPE_PARTIAL), "rule 10", m);
    must(types == t->types, "rule 2", m);
    must(refs == t->refs, "rule 3: references", m);
}

/* Calls `look` for every frame of RAM. */
#define for_each_ram(m)                                                                            \
    for (mfn_t m = {0}; m.n <= max_mfn().n; m.n++)                                                 \
        if (mfn_valid(m))

uint64_t memory_oracle(void)
{
    uint64_t checked = 0;
    struct domain *d;

    tallies = zalloc((max_mfn().n + 1) * sizeof(*tallies));
    if (!tallies)
        return 0;
    for_each_ram(m)
    {
        if (!(frame_of(m)->count & COUNT_REFS))
            continue;
        look_at_frame(m);
        look_at_table(m);
    }
    list_for_each (d, &domain_list, all)
        look_at_domain(d);
    for_each_ram(m)
    {
        compare(m);
        checked++;
    }
    zfree(tallies);
    tallies = NULL;
    return checked;
}
