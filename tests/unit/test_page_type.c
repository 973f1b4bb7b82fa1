/* sources: @memory */
#include "check.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "page_tables.h"
#include "x86/current.h"

/* A tree of one table per level with two data pages: t[4] is the root, t[0] the first data page. */
struct tree {
    mfn_t t[5], second;
};

static struct tree tree_make(struct domain *d)
{
    struct tree tree;

    for (unsigned i = 0; i < 5; i++)
        tree.t[i] = machine_frame(d);
    tree.second = machine_frame(d);
    for (unsigned level = 4; level > 1; level--)
        table(tree.t[level])[3] = pte_make(tree.t[level - 1], TABLE);
    table(tree.t[1])[3] = pte_make(tree.t[0], DATA);
    table(tree.t[1])[4] = pte_make(tree.second, READ_ONLY);
    return tree;
}

static int pin(struct domain *d, mfn_t m, int type)
{
    int rc, tries = 0;

    do {
        rc = mmu_pin(d, m, type);
        memory_oracle();
    } while (rc == -ERESTART && tries++ < 10000);
    return rc;
}

/* With as many interruptions as there are. */
static long mmuext_whole(unsigned cmd, mfn_t m)
{
    long rc;

    while ((rc = mmuext(cmd, m.n, 0)) == -ERESTART)
        ;
    while (mmu_drain_dying(current))
        memory_oracle();
    return rc;
}

static uint64_t type_of(mfn_t m)
{
    return frame_of(m)->type;
}

static void pin_and_unpin(void)
{
    struct domain *d = machine_domain(0);
    struct tree tree;

    machine_reset();
    tree = tree_make(d);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), 0);
    for (unsigned i = 1; i <= 4; i++) {
        CHECK_EQ(key_type(type_of(tree.t[i])), i);
        CHECK_EQ(type_of(tree.t[i]) & TYPE_COUNT, 1);
    }
    CHECK_EQ(key_type(type_of(tree.t[0])), FRAME_WRITABLE);
    CHECK_EQ(frame_of(tree.second)->count & COUNT_REFS, 2);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L3), -EINVAL);
    CHECK_EQ(mmuext_whole(MMUEXT_UNPIN_TABLE, tree.t[4]), 0);
    CHECK_EQ(mmuext_whole(MMUEXT_UNPIN_TABLE, tree.t[4]), -EINVAL);
    for (unsigned i = 0; i <= 4; i++) {
        CHECK_EQ(type_of(tree.t[i]) & TYPE_COUNT, 0);
        CHECK_EQ(frame_of(tree.t[i])->count & COUNT_REFS, 1);
    }
}

/* Every number of steps before the first preemption, and preemption at each step. */
static void pin_preempted(void)
{
    for (unsigned after = 0; after < 12; after++) {
        struct domain *d = machine_domain(0);
        struct tree tree;

        machine_reset();
        tree = tree_make(d);
        machine_preempt_after(after);
        machine_preempt_always(after == 0);
        CHECK_EQ(pin(d, tree.t[4], FRAME_L4), 0);
        CHECK_EQ(type_of(tree.t[1]) & TYPE_COUNT, 1);
        machine_preempt_after(after);
        CHECK_EQ(mmuext_whole(MMUEXT_UNPIN_TABLE, tree.t[4]), 0);
        CHECK_EQ(type_of(tree.t[1]) & (TYPE_COUNT | TYPE_PARTIAL), 0);
        CHECK_EQ(frame_of(tree.t[4])->count & COUNT_REFS, 1);
    }
}

/* A table of leaves is cut, too, wherever in it they are; so is letting go of it. */
static void leaves_cut(void)
{
    static const unsigned spread[] = {1, 3, 5};
    struct domain *d = machine_domain(0);

    for (unsigned n = 0; n < 3; n++) {
        unsigned cuts = 0, leaves = 0;
        mfn_t l1, page;

        machine_reset();
        l1 = machine_frame(d);
        page = machine_frame(d);
        for (unsigned i = 0; i < 512; i += spread[n], leaves++)
            table(l1)[i] = pte_make(page, DATA);
        machine_preempt_always(true);
        while (mmu_pin(d, l1, FRAME_L1) == -ERESTART) {
            memory_oracle();
            cuts++;
        }
        CHECK_EQ(cuts, leaves / 32);
        CHECK_EQ(type_of(page) & TYPE_COUNT, leaves);
        CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, l1.n, 0), 0);
        for (cuts = 0; mmu_drain_dying(current) == -ERESTART; cuts++)
            memory_oracle();
        CHECK_EQ(cuts, leaves / 32 - 1);
        CHECK_EQ(type_of(page) & TYPE_COUNT, 0);
        CHECK_EQ(frame_of(l1)->count & COUNT_REFS, 1);
    }
}

/* A pin that is begun and not continued: the table can be used for something else. */
static void pin_abandoned(void)
{
    struct domain *d = machine_domain(0);
    struct tree tree;
    mfn_t other;

    machine_reset();
    tree = tree_make(d);
    other = machine_frame(d);
    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(d, tree.t[4], FRAME_L4), -ERESTART);
    memory_oracle();
    CHECK(type_is_partial(type_of(tree.t[4])));
    CHECK_EQ(frame_get_typed(frame_of(tree.t[4]), d, FRAME_WRITABLE), -EINVAL);
    table(other)[0] = pte_make(tree.t[4], DATA);
    CHECK_EQ(pin(d, other, FRAME_L1), 0);
    CHECK_EQ(key_type(type_of(tree.t[4])), FRAME_WRITABLE);
    CHECK_EQ(type_of(tree.t[1]) & TYPE_COUNT, 0);
    memory_oracle();
}

/* What may not be: each of these must be refused and leave nothing behind. */
static void refused(void)
{
    struct domain *d = machine_domain(0);
    struct tree tree;
    mfn_t stranger;

    machine_reset();
    tree = tree_make(d);
    stranger = machine_frame(machine_domain(1));
    /* A writable leaf of the table itself. */
    table(tree.t[1])[5] = pte_make(tree.t[1], DATA);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    CHECK_EQ(mmu_drain_dying(current), 0);
    CHECK_EQ(frame_of(tree.t[1])->count & COUNT_REFS, 1);
    /* Another domain's frame. */
    table(tree.t[1])[5] = pte_make(stranger, READ_ONLY);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    /* A large page. */
    table(tree.t[1])[5] = 0;
    table(tree.t[2])[9] = pte_make(tree.second, TABLE | PTE_LARGE);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    /* A table that contains itself. */
    table(tree.t[2])[9] = pte_make(tree.t[2], TABLE);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    table(tree.t[2])[9] = pte_make(tree.t[4], TABLE);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    /* Ringfort's own frame. */
    table(tree.t[2])[9] = pte_make(mfn(3), TABLE);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), -EINVAL);
    table(tree.t[2])[9] = 0;
    CHECK_EQ(mmu_drain_dying(current), 0);
    memory_oracle();
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), 0);
}

static void device_frames(void)
{
    struct domain *d = machine_domain(0), *d1 = machine_domain(1);
    mfn_t l1, other;

    machine_reset();
    l1 = machine_frame(d);
    other = machine_frame(d1);
    table(l1)[0] = pte_make(mfn(DEVICE_FRAME), DATA);
    table(l1)[1] = pte_make(mfn(READ_ONLY_DEVICE_FRAME), DATA);
    CHECK_EQ(pin(d, l1, FRAME_L1), 0);
    CHECK(table(l1)[0] & PTE_WRITE);
    CHECK(!(table(l1)[1] & PTE_WRITE));
    table(other)[0] = pte_make(mfn(DEVICE_FRAME), DATA);
    machine_run(1);
    CHECK_EQ(pin(d1, other, FRAME_L1), -EINVAL);
}

/* Rule 8: a frame that was writable becomes a table only after a flush. */
static void flush_before_table(void)
{
    struct domain *d = machine_domain(0);
    struct tree tree;
    struct mmu_update req;
    unsigned before;

    machine_reset();
    tree = tree_make(d);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), 0);
    CHECK_EQ(mmuext_whole(MMUEXT_NEW_BASEPTR, tree.t[4]), 0);
    machine_tlb_fill();
    req.ptr = mfn_maddr(tree.t[1]).a + 3 * 8;
    req.val = 0;
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF), 0);
    before = machine_flushes;
    CHECK_EQ(pin(d, tree.t[0], FRAME_L1), 0);
    CHECK(machine_flushes > before);
    machine_tlb_check();
    memory_oracle();
}

static void teardown(void)
{
    struct domain *d = machine_domain(1);
    uint64_t before;
    struct tree tree;
    int rc;

    machine_reset();
    machine_run(1);
    before = frames_free();
    tree = tree_make(d);
    CHECK_EQ(pin(d, tree.t[4], FRAME_L4), 0);
    CHECK_EQ(mmuext_whole(MMUEXT_NEW_BASEPTR, tree.t[4]), 0);
    CHECK_EQ(mmuext_whole(MMUEXT_NEW_USER_BASEPTR, tree.t[4]), 0);
    machine_preempt_after(1);
    mmu_pin(d, tree.second, FRAME_L3);
    machine_run(0);
    d->state = DOMAIN_DYING;
    machine_preempt_always(true);
    do {
        rc = vcpu_drop_roots(d->vcpus[0]);
        memory_oracle();
    } while (rc == -ERESTART);
    do {
        rc = memory_teardown(d);
        memory_oracle();
    } while (rc == -ERESTART);
    CHECK_EQ(rc, 0);
    CHECK_EQ(d->tot_pages, 0);
    CHECK_EQ(d->refs, 1);
    CHECK_EQ(frames_free(), before);
}

int main(void)
{
    pin_and_unpin();
    pin_preempted();
    pin_abandoned();
    leaves_cut();
    refused();
    device_frames();
    flush_before_table();
    teardown();
    return check_report();
}
