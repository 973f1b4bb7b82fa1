/* sources: @memory */
/* Ways through memory/ that a guest rarely takes: what waits to be taken down, roots in each mode,
 * caching, full counts, device frames, 32-bit roots, as many as the other tests leave. */
#include "check.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dying.h"
#include "memory/entry_update.h"
#include "memory/free_frames.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/validate.h"
#include "page_tables.h"
#include "x86/current.h"

#define UNCACHED (DATA | PTE_PCD)

static struct domain *d;

static void start(unsigned id)
{
    machine_reset();
    root_mode = ROOT_GLOBAL;
    l1tf_bits = 0;
    machine_run(id);
    d = machine_domain(id);
}

/* Tables from `level` down, each with `width` entries from the first on; not validated. */
static mfn_t tree(unsigned level, unsigned width)
{
    mfn_t m = machine_frame(d);

    for (unsigned i = 0; level > 1 && i < width; i++)
        table(m)[i] = pte_make(tree(level - 1, width), TABLE);
    return m;
}

/* A table that an interruption has left partial. */
static mfn_t partial(unsigned level)
{
    mfn_t m = tree(level, 3);

    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(d, m, level), -ERESTART);
    machine_preempt_after(0);
    CHECK(type_is_partial(frame_of(m)->type));
    return m;
}

static void dying(void)
{
    mfn_t first, second;

    start(0);
    first = partial(FRAME_L4), second = partial(FRAME_L3);
    spin_lock(&d->paging_lock);
    dying_add(frame_of(first));
    CHECK(mfn_eq(current->memory.dying_table, first));
    /* The slot is taken: the second is finished at once, whatever waits. */
    machine_preempt_always(true);
    dying_add(frame_of(second));
    machine_preempt_always(false);
    CHECK(!type_is_partial(frame_of(second)->type));
    CHECK_EQ(refs(pte_mfn(table(second)[0])), 1);
    /* One that is in use again by now. */
    spin_unlock(&d->paging_lock);
    CHECK_EQ(mmu_pin(d, first, FRAME_L4), 0);
    dying_add(frame_of(first));
    CHECK_EQ(mmu_drain_dying(current), 0);
    CHECK_EQ(frame_of(first)->type & TYPE_COUNT, 1);
    memory_oracle();
    /* One that is data by now, and one that was given back. */
    current->memory.dying_table = second;
    CHECK_EQ(mmu_drain_dying(current), 0);
    current->memory.dying_table = second;
    CHECK(domain_release_frame(frame_of(second)));
    CHECK_EQ(mmu_drain_dying(current), 0);
    CHECK(!mfn_is_named(current->memory.dying_table));
}

/* A frame whose entry 7 names one that an interruption has left partial, as a level-3 table. */
static mfn_t parent_of_partial(void)
{
    mfn_t wide = tree(FRAME_L3, 4), parent = machine_frame(d);

    machine_preempt_after(5);
    CHECK_EQ(mmu_pin(d, wide, FRAME_L3), -ERESTART);
    table(parent)[7] = pte_make(wide, TABLE);
    return parent;
}

/* A type asked for of a frame that is partial as another one, which takes long to undo. */
static void partial_as_another(void)
{
    mfn_t wide, parent;
    int tries = 0, rc;

    start(0);
    parent = parent_of_partial();
    wide = pte_mfn(table(parent)[7]);
    machine_preempt_always(true);
    do {
        rc = mmu_pin(d, parent, FRAME_L2);
        memory_oracle();
    } while (rc == -ERESTART && ++tries < 50);
    CHECK(tries > 1);
    machine_preempt_always(false);
    /* Its entries do for leaves: what they name are tables no more. */
    CHECK_EQ(rc, 0);
    CHECK_EQ(frame_of(wide)->type, type_key(FRAME_L1) | 1);
    CHECK_EQ(key_type(frame_of(pte_mfn(table(wide)[0]))->type), FRAME_WRITABLE);
}

/* A pin given up half-way, whose entry names a frame that is partial by another attempt. */
static void parent_of_stranger(void)
{
    mfn_t wide, parent;

    start(0);
    parent = parent_of_partial();
    wide = pte_mfn(table(parent)[7]);
    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(d, parent, FRAME_L2), -ERESTART);
    machine_preempt_after(0);
    CHECK_EQ(frame_get_typed(frame_of(parent), d, FRAME_WRITABLE), -EINVAL);
    spin_lock(&d->paging_lock);
    CHECK_EQ(type_undo(frame_of(parent)), 0);
    spin_unlock(&d->paging_lock);
    memory_oracle();
    CHECK_EQ(mmu_pin(d, wide, FRAME_L3), 0);
    memory_oracle();
}

/* A pin that is refused at its last entry, when there is no time to undo what came before. */
static void refused_without_time(void)
{
    unsigned named = 0;

    for (unsigned after = 1; after < 60; after++) {
        mfn_t root;

        start(0);
        root = tree(FRAME_L4, 2);
        table(root)[3] = pte_make(mfn(DEVICE_FRAME), TABLE);
        machine_preempt_after(after);
        if (mmu_pin(d, root, FRAME_L4) == -EINVAL && mfn_is_named(current->memory.dying_table))
            named++;
        machine_preempt_after(0);
        memory_oracle();
        while (mmu_drain_dying(current))
            ;
        CHECK_EQ(mmu_pin(d, root, FRAME_L4), -EINVAL);
        CHECK_EQ(frame_of(root)->count & COUNT_REFS, 1);
    }
    CHECK(named > 0);
}

static void counts(void)
{
    struct mmu_update req = {.val = 1};
    mfn_t m;

    start(0);
    m = machine_frame(d);
    req.ptr = mfn_maddr(m).a;
    frame_of(m)->type = type_key(FRAME_WRITABLE) | TYPE_COUNT;
    CHECK_EQ(frame_get_typed(frame_of(m), d, FRAME_WRITABLE), -EINVAL);
    CHECK_EQ(frame_of(m)->type, type_key(FRAME_WRITABLE) | TYPE_COUNT);
    frame_of(m)->type = 0;
    /* No reference to a frame is left for an update of it. */
    frame_of(m)->count |= COUNT_REFS;
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF), -EINVAL);
    frame_of(m)->count = COUNT_RAM | COUNT_ALLOCATED | 1;
}

static void roots(void)
{
    mfn_t a, b;
    unsigned loads;

    start(0);
    a = tree(FRAME_L4, 1), b = tree(FRAME_L4, 1);
    CHECK_EQ(vcpu_set_root(current, INVALID_MFN, false), -EINVAL);
    CHECK_EQ(vcpu_set_root(current, mfn(DEVICE_FRAME), false), -EINVAL);
    CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, a.n, 0), 0);
    for (enum root_mode mode = ROOT_GLOBAL; mode <= ROOT_ISOLATED; mode++) {
        root_mode = mode;
        CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, b.n, 0), 0);
        CHECK_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, b.n, 0), 0);
        current->arch.in_kernel = false;
        CHECK_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, a.n, 0), 0);
        current->arch.in_kernel = true;
        CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, a.n, 0), 0);
        /* An entry of a root that runs: copies of it are made anew. */
        loads = machine_root_loads;
        CHECK_EQ(update(a, 9, 0), 0);
        CHECK_EQ(machine_root_loads - loads, mode != ROOT_GLOBAL);
        CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, b.n, 0), 0);
        loads = machine_root_loads;
        CHECK_EQ(update(a, 9, 0), 0);
        CHECK_EQ(machine_root_loads - loads, mode != ROOT_GLOBAL);
        CHECK_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
        CHECK_EQ(update(a, 9, 0), 0);
        CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, a.n, 0), 0);
        /* By CR3: only where the user's translations are global does it take a flush. */
        machine_flushes = 0;
        CHECK_EQ(mmu_new_baseptr(mfn(DEVICE_FRAME)), -EINVAL);
        CHECK_EQ(mmu_new_baseptr(b), 0);
        CHECK_EQ(machine_flushes, mode == ROOT_GLOBAL);
        CHECK_EQ(mmu_new_baseptr(a), 0);
    }
}

/* Domain0 changes another domain's root, which runs on another processor. */
static void root_of_another(void)
{
    struct domain *other;
    mfn_t root;

    start(1);
    other = d;
    root = tree(FRAME_L4, 1);
    CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, root.n, 0), 0);
    machine_run(0);
    root_mode = ROOT_ISOLATED_PCID;
    CHECK_EQ(update_as((unsigned)(other->id + 1) << 16 | DOMID_SELF, root, 9, 0, 0), 0);
    CHECK(other->vcpus[0]->memory.root_changed);
    CHECK_EQ(update_as((DOMID_XEN + 1u) << 16 | DOMID_SELF, root, 9, 0, 0), -EPERM);
    root_mode = ROOT_GLOBAL;
}

/* Work that waits when a call begins, and comes up within one. */
static void calls_that_wait(void)
{
    struct mmuext_op ops[2] = {{.cmd = MMUEXT_UNPIN_TABLE}, {.cmd = MMUEXT_TLB_FLUSH_LOCAL}};
    struct mmu_update req = {0};
    mfn_t root, other;

    start(0);
    root = tree(FRAME_L4, 3), other = tree(FRAME_L4, 3);
    CHECK_EQ(mmu_pin(d, root, FRAME_L4), 0);
    CHECK_EQ(mmu_pin(d, other, FRAME_L4), 0);
    req.ptr = mfn_maddr(machine_frame(d)).a;
    ops[0].arg1.mfn = root.n;
    machine_preempt_always(true);
    CHECK_EQ(do_mmuext_op((uint64_t)ops, 2, 0, DOMID_SELF), -ERESTART);
    CHECK(mfn_is_named(current->memory.dying_table));
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF), -ERESTART);
    CHECK_EQ(do_mmuext_op((uint64_t)ops, 1, 0, DOMID_SELF), -ERESTART);
    CHECK_EQ(vcpu_set_root(current, other, false), -ERESTART);
    CHECK_EQ(vcpu_drop_roots(current), -ERESTART);
    CHECK_EQ(root_switch(other, false), -ERESTART);
    machine_preempt_always(false);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF), 0);
    CHECK(!mfn_is_named(current->memory.dying_table));
    ops[0].cmd = MMUEXT_UNMARK_SUPER;
    CHECK_EQ(do_mmuext_op((uint64_t)ops, 1, 0, DOMID_SELF), -EOPNOTSUPP);
}

/* A batch is cut behind the operation that leaves a table to be taken down, whatever else waits. */
static void cut_by_a_dying_table(void)
{
    struct mmuext_op ops[2] = {{.cmd = MMUEXT_UNPIN_TABLE}, {.cmd = MMUEXT_TLB_FLUSH_LOCAL}};
    uint32_t done = 0;
    mfn_t wide;

    start(0);
    wide = tree(FRAME_L4, 3);
    CHECK_EQ(mmu_pin(d, wide, FRAME_L4), 0);
    ops[0].arg1.mfn = wide.n;
    machine_flushes = 0;
    machine_preempt_after(1);
    CHECK_EQ(do_mmuext_op((uint64_t)ops, 2, (uint64_t)&done, DOMID_SELF), -ERESTART);
    CHECK_EQ(done, 1);
    CHECK_EQ(machine_flushes, 0);
    CHECK(mfn_eq(current->memory.dying_table, wide));
    CHECK_EQ(do_mmuext_op(last_restart.args[0], last_restart.args[1], last_restart.args[2],
                          last_restart.args[3]),
             0);
    CHECK_EQ(done, 2);
    CHECK_EQ(frame_of(wide)->type, type_key(FRAME_L4));
    CHECK_EQ(machine_flushes, 1);
    memory_oracle();
}

/* The last root of a vCPU, which nothing else holds, goes in steps. */
static void roots_dropped_in_steps(void)
{
    unsigned steps = 0;
    mfn_t wide;

    start(0);
    wide = tree(FRAME_L4, 3);
    CHECK_EQ(mmuext(MMUEXT_NEW_BASEPTR, wide.n, 0), 0);
    machine_preempt_always(true);
    while (vcpu_drop_roots(current) == -ERESTART) {
        CHECK(mfn_eq(current->memory.dying_table, wide));
        CHECK(mfn_eq(current->memory.kernel_root, INVALID_MFN));
        memory_oracle();
        steps++;
    }
    machine_preempt_always(false);
    CHECK(steps > 3);
    CHECK(!mfn_is_named(current->memory.dying_table));
    CHECK_EQ(refs(wide), 1);
    CHECK_EQ(frame_of(wide)->type, type_key(FRAME_L4));
}

/* Who may map memory uncached, and what the frame remembers of it. */
static void caching(void)
{
    mfn_t l1, m;

    start(0);
    l1 = machine_frame(d), m = machine_frame(d);
    CHECK_EQ(mmu_pin(d, l1, FRAME_L1), 0);
    CHECK_EQ(update(l1, 0, pte_make(m, READ_ONLY | PTE_PCD)), 0);
    CHECK(!(frame_of(m)->type & TYPE_UNCACHED));
    CHECK_EQ(update(l1, 0, pte_make(m, UNCACHED)), 0);
    CHECK(frame_of(m)->type & TYPE_UNCACHED);
    start(1);
    l1 = machine_frame(d), m = machine_frame(d);
    CHECK_EQ(mmu_pin(d, l1, FRAME_L1), 0);
    CHECK_EQ(update(l1, 0, pte_make(m, READ_ONLY)), 0);
    /* Refused with the write permission that came along, and without. */
    CHECK_EQ(update(l1, 0, pte_make(m, UNCACHED)), -EINVAL);
    CHECK_EQ(update(l1, 0, pte_make(m, READ_ONLY | PTE_PCD)), -EINVAL);
    CHECK_EQ(frame_of(m)->type & TYPE_COUNT, 0);
    CHECK_EQ(update(l1, 1, pte_make(m, UNCACHED)), -EINVAL);
}

static void device_frames(void)
{
    mfn_t l1, m;

    start(0);
    l1 = machine_frame(d), m = machine_frame(d);
    CHECK_EQ(mmu_pin(d, l1, FRAME_L1), 0);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(update(l1, 0, pte_make(mfn(DEVICE_FRAME), i ? DATA : READ_ONLY)), 0);
    CHECK_EQ(update_as(DOMID_IO, l1, 0, pte_make(mfn(DEVICE_FRAME + 1), DATA), 0), 0);
    CHECK_EQ(update_as(DOMID_XEN, l1, 1, pte_make(mfn(DEVICE_FRAME), DATA), 0), -EINVAL);
    /* A grant in place of a device's frame, of memory, and of nothing. */
    CHECK_EQ(mmu_map_grant_pte(maddr(mfn_maddr(l1).a), m, false, 0), 0);
    CHECK_EQ(mmu_map_grant_pte(maddr(mfn_maddr(l1).a), m, true, 0), 0);
    CHECK_EQ(frame_of(m)->type & TYPE_COUNT, 1);
    CHECK_EQ(update(l1, 0, 0), 0);
    CHECK_EQ(frame_of(m)->count & COUNT_REFS, 1);
}

/* A swapped-out entry by a store: what the processor could take for an address is refused. */
static void absent_entries(void)
{
    mfn_t l1;

    start(1);
    l1 = machine_frame(d);
    CHECK_EQ(mmu_pin(d, l1, FRAME_L1), 0);
    l1tf_bits = 44;
    spin_lock(&d->paging_lock);
    CHECK_EQ(leaf_replace(d, table(l1), 0, pte_make(machine_frame(d), 0)), -EINVAL);
    CHECK_EQ(leaf_replace(d, table(l1), 0, ~UINT64_C(1)), 0);
    spin_unlock(&d->paging_lock);
    l1tf_bits = 0;
}

/* The four entries of a 32-bit root: the last must stay. */
static void compat_root(void)
{
    mfn_t root, l2[4];

    start(1);
    d->is_compat = true;
    root = machine_frame(d);
    for (unsigned i = 0; i < 4; i++) {
        l2[i] = machine_frame(d);
        table(root)[i] = pte_make(l2[i], PTE_PRESENT);
    }
    CHECK_EQ(mmu_pin(d, root, FRAME_L3), 0);
    CHECK_EQ(update(root, 0, 0), 0);
    CHECK_EQ(update(root, 3, 0), -EINVAL);
    CHECK_EQ(update(root, 4, 0), -EINVAL);
    CHECK_EQ(root_switch(root, false), 0);
    CHECK_EQ(root_switch(root, true), -EOPNOTSUPP);
}

static void teardown_at_once(void)
{
    uint64_t before;

    start(1);
    before = frames_free();
    CHECK_EQ(mmu_pin(d, tree(FRAME_L4, 2), FRAME_L4), 0);
    d->state = DOMAIN_DYING;
    machine_run(0);
    CHECK_EQ(memory_teardown(d), 0);
    CHECK_EQ(frames_free(), before);
}

/* A frame's last reference goes on another processor, which still waits for the list's lock when
 * the walk comes by: the frame is that processor's to give back, once. */
static void teardown_of_freed(void)
{
    uint64_t before;
    struct frame *f;

    start(1);
    before = frames_free();
    f = frame_of(machine_frame(d));
    machine_frame(d);
    f->count = COUNT_RAM;
    d->state = DOMAIN_DYING;
    machine_run(0);
    CHECK_EQ(memory_teardown(d), 0);
    CHECK_EQ(frames_free(), before - 1);
    CHECK_EQ(d->tot_pages, 1);
    frame_unused(f);
    CHECK_EQ(frames_free(), before);
    CHECK_EQ(d->tot_pages, 0);
    CHECK(list_empty(&d->pages) && list_empty(&d->teardown));
}

/* The guest has mapped a frame as often as it may, by tables that the walk comes to later. */
static void teardown_of_mapped_to_the_limit(void)
{
    uint64_t before;
    struct frame *f;

    start(1);
    before = frames_free();
    f = frame_of(machine_frame(d));
    CHECK_EQ(mmu_pin(d, frame_mfn(f), FRAME_L1), 0);
    f->count += COUNT_LIMIT - 2;
    d->state = DOMAIN_DYING;
    machine_run(0);
    CHECK_EQ(memory_teardown(d), 0);
    CHECK_EQ(f->type & (TYPE_COUNT | TYPE_PINNED), 0);
    CHECK_EQ(f->count & (COUNT_REFS | COUNT_ALLOCATED), COUNT_LIMIT - 2);
    f->count -= COUNT_LIMIT - 3;
    frame_put(f);
    CHECK_EQ(frames_free(), before);
    CHECK_EQ(d->tot_pages, 0);
}

/* So is one that its parent's take-down left partial after the walk has passed it. */
static void teardown_of_partial_at_the_limit(void)
{
    uint64_t before;
    mfn_t middle, top;

    start(1);
    before = frames_free();
    middle = machine_frame(d);
    top = machine_frame(d);
    for (unsigned i = 0; i < 2; i++)
        table(middle)[i] = pte_make(machine_frame(d), PTE_PRESENT);
    table(top)[0] = pte_make(middle, PTE_PRESENT);
    CHECK_EQ(mmu_pin(d, top, FRAME_L3), 0);
    d->state = DOMAIN_DYING;
    machine_run(0);
    /* Once the walk has passed `middle`, and in the drop of its first entry. */
    machine_preempt_after(2);
    CHECK_EQ(memory_teardown(d), -ERESTART);
    CHECK(type_is_partial(frame_of(middle)->type));
    frame_of(middle)->count += COUNT_LIMIT - 1;
    CHECK_EQ(memory_teardown(d), 0);
    CHECK(!type_is_partial(frame_of(middle)->type));
    frame_of(middle)->count -= COUNT_LIMIT - 2;
    frame_put(frame_of(middle));
    CHECK_EQ(frames_free(), before);
}

/* A guest's references to a table end where those to any frame do. */
static void table_named_to_the_limit(void)
{
    mfn_t middle, top;
    struct frame *f;

    start(1);
    middle = machine_frame(d);
    top = machine_frame(d);
    f = frame_of(middle);
    table(top)[0] = table(top)[1] = pte_make(middle, PTE_PRESENT);
    f->count += COUNT_LIMIT - 2;
    CHECK_EQ(mmu_pin(d, top, FRAME_L3), -EINVAL);
    CHECK_EQ(f->count & COUNT_REFS, COUNT_LIMIT - 1);
    f->count -= COUNT_LIMIT - 2;
    CHECK_EQ(mmu_pin(d, top, FRAME_L3), 0);
}

int main(void)
{
    dying();
    partial_as_another();
    parent_of_stranger();
    refused_without_time();
    counts();
    roots();
    root_of_another();
    calls_that_wait();
    cut_by_a_dying_table();
    roots_dropped_in_steps();
    caching();
    device_frames();
    absent_entries();
    compat_root();
    teardown_at_once();
    teardown_of_freed();
    teardown_of_mapped_to_the_limit();
    teardown_of_partial_at_the_limit();
    table_named_to_the_limit();
    return check_report();
}
