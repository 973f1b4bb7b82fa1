/* sources: @memory hypervisor/grant/entry.c tests/host/interleave.c */
/* Two processors in the same frame, page-table entry or grant entry: whatever the second does
 * between two instructions of the first, each gets what it may have, and every reference is
 * counted. */
#include <string.h>

#include "check.h"
#include "grant/entry.h"
#include "interleave.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/entry_update.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "page_tables.h"
#include "x86/current.h"

#define AD_BITS (PTE_ACCESSED | PTE_DIRTY)

static struct domain *d;
static mfn_t m, l1;
static struct frame *f;
static int got, other_got;

static void prepare(void)
{
    machine_reset();
    d = machine_domain(0);
    m = machine_frame(d);
    f = frame_of(m);
    got = other_got = 1;
}

/* The frame was a table before: taking it for something else flushes. */
static void prepare_history(void)
{
    prepare();
    CHECK_EQ(frame_get_typed(f, d, FRAME_SEGDESC), 0);
    frame_put_typed(f);
}

static void prepare_mapped(void)
{
    prepare();
    CHECK_EQ(frame_get_typed(f, d, FRAME_WRITABLE), 0);
}

static bool must_wait(void)
{
    return (READ_ONCE(f->type) & TYPE_PARTIAL) == TYPE_BUSY;
}

static void get_writable(void)
{
    got = frame_get_typed(f, d, FRAME_WRITABLE);
}

static void put(void)
{
    frame_put_typed(f);
}

/* On the other processor: a reference taken, if it may be had, and kept. */
static void other_get(enum frame_type type)
{
    if (must_wait())
        return;
    host_cpu = 1;
    other_got = frame_get_typed(f, d, type);
    host_cpu = 0;
}

static void other_gets_writable(void)
{
    other_get(FRAME_WRITABLE);
}

static void other_gets_descriptors(void)
{
    other_get(FRAME_SEGDESC);
}

static void other_gets_and_puts(void)
{
    other_get(FRAME_WRITABLE);
    if (!other_got)
        frame_put_typed(f);
}

static unsigned references(void)
{
    return (f->type & TYPE_COUNT) + 1;
}

/* Both are in the type's count and in the frame's; nothing else is. */
static void check_both(void)
{
    unsigned want = (got == 0) + (other_got == 0);

    CHECK_EQ(f->type & TYPE_COUNT, want);
    CHECK_EQ(f->count & COUNT_REFS, want + 1);
    CHECK_EQ(f->type & TYPE_PARTIAL, 0);
}

static void check_same_type(void)
{
    CHECK_EQ(got, 0);
    check_both();
}

/* Never both: a frame has one type. */
static void check_one_of_two(void)
{
    check_both();
    CHECK(got == 0 ? other_got != 0 : other_got == 0);
}

static void check_released(void)
{
    got = 1;
    check_both();
}

static void check_unused(void)
{
    CHECK_EQ(f->type & TYPE_COUNT, other_got ? 0 : references() - 1);
    CHECK_EQ(f->count & COUNT_REFS, references());
}

/* Beside the one that was there before. In the last round nobody else comes. */
static void check_beside_mapped(void)
{
    CHECK_EQ(got, 0);
    CHECK_EQ(f->type & TYPE_COUNT, 2 + (other_got == 0));
    CHECK_EQ(f->count & COUNT_REFS, references());
}

/* One of two mappings goes while a third comes. */
static void prepare_mapped_twice(void)
{
    prepare_mapped();
    CHECK_EQ(frame_get_typed(f, d, FRAME_WRITABLE), 0);
}

static void check_one_gone(void)
{
    CHECK_EQ(f->type & TYPE_COUNT, 1 + (other_got == 0));
    CHECK_EQ(f->count & COUNT_REFS, references());
}

static void types(void)
{
    interleave(prepare_mapped, get_writable, other_gets_writable, check_beside_mapped);
    interleave(prepare_mapped_twice, put, other_gets_writable, check_one_gone);
    CHECK(interleave(prepare, get_writable, other_gets_writable, check_same_type) >= 4);
    interleave(prepare_history, get_writable, other_gets_writable, check_same_type);
    interleave(prepare, get_writable, other_gets_descriptors, check_one_of_two);
    interleave(prepare_history, get_writable, other_gets_descriptors, check_one_of_two);
    interleave(prepare_mapped, put, other_gets_writable, check_released);
    interleave(prepare_mapped, put, other_gets_descriptors, check_released);
    interleave(prepare_mapped, put, other_gets_and_puts, check_unused);
}

/* A table waits in the slot, and another vCPU takes it down between the look and the lock. */
static void prepare_dying(void)
{
    prepare();
    for (unsigned i = 0; i < 2; i++)
        ((uint64_t *)mfn_to_virt(m))[i] = pte_make(machine_frame(d), TABLE);
    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(d, m, FRAME_L2), -ERESTART);
    current->memory.dying_table = m;
}

static void drain(void)
{
    got = mmu_drain_dying(current);
}

static void other_takes_it_down(void)
{
    if (spin_held(&d->paging_lock) || !type_is_partial(f->type))
        return;
    spin_lock(&d->paging_lock);
    other_got = type_undo(f);
    spin_unlock(&d->paging_lock);
}

static void check_taken_down(void)
{
    CHECK_EQ(got, 0);
    CHECK(mfn_eq(current->memory.dying_table, INVALID_MFN));
    CHECK_EQ(f->type, type_key(FRAME_L2));
    CHECK_EQ(f->count & COUNT_REFS, 1);
    memory_oracle();
}

static void dying(void)
{
    CHECK(interleave(prepare_dying, drain, other_takes_it_down, check_taken_down) >= 2);
}

/* Somebody else is in the middle of changing a frame's type: one waits, without a lock. */
static void prepare_busy(void)
{
    prepare();
    f->type = type_key(FRAME_SEGDESC) | TYPE_BUSY;
}

static void other_is_done(void)
{
    static unsigned waited;

    if (must_wait() && ++waited == 5)
        __atomic_store_n(&f->type, type_key(FRAME_SEGDESC), __ATOMIC_RELEASE);
}

static void busy(void)
{
    prepare_busy();
    interleave_each(get_writable, other_is_done);
    check_same_type();
}

/* The frame goes to the other domain between two looks. */
static void other_moves_frame(void)
{
    if ((f->count & COUNT_REFS) != 1 || f->owner != d || spin_held(&d->pages_lock))
        return;
    host_cpu = 1;
    domain_release_frame(f);
    domain_alloc_frames(machine_domain(1), 0, 0);
    host_cpu = 0;
}

static void get_untyped(void)
{
    got = !frame_get(f, d);
}

static void check_owner(void)
{
    CHECK_EQ(f->count & COUNT_REFS, f->owner == d ? 2 - got : f->owner != NULL);
    CHECK(f->owner == d || got);
}

static void detach(void)
{
    got = !domain_detach_frame(d, f);
}

static void other_takes_reference(void)
{
    if (other_got)
        other_got = !frame_get(f, d);
}

static void check_detached(void)
{
    CHECK(got != other_got);
    CHECK_EQ(f->owner, got ? d : NULL);
    CHECK_EQ(f->count & COUNT_REFS, got ? 2 : 0);
}

/* As when the look before was at a frame that had just been freed. */
static void other_owns_frame(void)
{
    f->owner = machine_domain(1);
}

static void check_kept(void)
{
    CHECK_EQ(f->count, got ? COUNT_RAM | COUNT_ALLOCATED | 1 : COUNT_RAM);
}

static void owners(void)
{
    interleave(prepare, get_untyped, other_moves_frame, check_owner);
    interleave(prepare, detach, other_takes_reference, check_detached);
    interleave(prepare, detach, other_owns_frame, check_kept);
}

/* The processor sets accessed and dirty bits in an entry that is being written. */
static uint64_t bits;

static void prepare_entry(void)
{
    prepare();
    bits = 0;
    l1 = machine_frame(d);
    ((uint64_t *)mfn_to_virt(l1))[5] = pte_make(m, READ_ONLY);
    CHECK_EQ(mmu_pin(d, l1, FRAME_L1), 0);
}

static uint64_t *slot(void)
{
    return (uint64_t *)mfn_to_virt(l1) + 5;
}

static void walk_sets_bits(void)
{
    bits = *slot() & PTE_PRESENT ? AD_BITS : 0;
    if (bits)
        __atomic_fetch_or(slot(), AD_BITS, __ATOMIC_SEQ_CST);
}

static void make_writable(void)
{
    spin_lock(&d->paging_lock);
    got = leaf_update(d, d, slot(), pte_make(m, DATA), true);
    spin_unlock(&d->paging_lock);
}

static void replace(uint64_t new)
{
    uint64_t old = READ_ONCE(*slot());

    spin_lock(&d->paging_lock);
    got = leaf_replace(d, slot(), old, new);
    spin_unlock(&d->paging_lock);
}

static void replace_same(void)
{
    replace(pte_make(m, DATA));
}

static void replace_other(void)
{
    replace(pte_make(l1, READ_ONLY));
}

static void replace_none(void)
{
    replace(0);
}

static void check_writable(void)
{
    CHECK_EQ(got, 0);
    CHECK_EQ(*slot() & (DATA | AD_BITS | PTE_FRAME), pte_make(m, DATA | bits));
    CHECK_EQ(key_type(f->type), FRAME_WRITABLE);
    memory_oracle();
}

/* Refused only because of the bits, which are there then; the references are the entry's. */
static void check_replaced(void)
{
    CHECK(got == 0 || (got == -EAGAIN && (*slot() & AD_BITS) == AD_BITS));
    CHECK_EQ(f->count & COUNT_REFS, (*slot() & PTE_FRAME) == pte_make(m, 0) ? 2 : 1);
    CHECK_EQ(f->type & TYPE_COUNT, (*slot() & DATA) == DATA);
    memory_oracle();
}

static void entries(void)
{
    interleave(prepare_entry, make_writable, walk_sets_bits, check_writable);
    interleave(prepare_entry, replace_same, walk_sets_bits, check_replaced);
    interleave(prepare_entry, replace_other, walk_sets_bits, check_replaced);
    interleave(prepare_entry, replace_none, walk_sets_bits, check_replaced);
}

/* A granter that changes its entry while somebody begins to use it. */
static struct grant_entry_v1 shared;
static struct grant_active active;

static void prepare_grant(void)
{
    shared = (struct grant_entry_v1){.flags = GTF_permit_access, .domid = 1, .frame = 7};
    active = (struct grant_active){0};
}

static void begin_write(void)
{
    got = grant_begin(&shared, &active, 1, true);
}

static void granter_revokes(void)
{
    uint16_t free = GTF_permit_access;

    __atomic_compare_exchange_n(&shared.flags, &free, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void granter_restricts(void)
{
    __atomic_fetch_or(&shared.flags, GTF_readonly, __ATOMIC_SEQ_CST);
}

static void granter_flickers(void)
{
    __atomic_fetch_xor(&shared.flags, GTF_PCD, __ATOMIC_SEQ_CST);
}

static void check_revoked(void)
{
    bool in_use = shared.flags & GTF_writing;

    CHECK_EQ(got, in_use ? GNTST_okay : GNTST_bad_gntref);
    CHECK_EQ(active.writers, in_use);
    CHECK(in_use == !!shared.flags);
}

static void check_restricted(void)
{
    CHECK_EQ(got, shared.flags & GTF_writing ? GNTST_okay : GNTST_permission_denied);
    CHECK_EQ(active.writers, got == GNTST_okay);
}

static void grants(void)
{
    interleave(prepare_grant, begin_write, granter_revokes, check_revoked);
    interleave(prepare_grant, begin_write, granter_restricts, check_restricted);
    prepare_grant();
    interleave_each(begin_write, granter_flickers);
    CHECK_EQ(got, GNTST_general_error);
    CHECK_EQ(active.writers, 0);
}

int main(void)
{
    types();
    dying();
    busy();
    owners();
    entries();
    grants();
    return check_report();
}
