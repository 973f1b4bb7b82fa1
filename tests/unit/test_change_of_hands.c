/* sources: @memory tests/host/interleave.c */
/* A frame passes from one domain to another while a third processor, which has no reference to it,
 * looks at what it is: an entry of another domain's table, or of what was one, is never taken for
 * an entry of the caller's own. */
#include "check.h"
#include "interleave.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "page_tables.h"
#include "x86/current.h"

#define SLOT 5

static struct domain *d, *neighbour;
static mfn_t moving, victim, own;
static long got;

/* Of the neighbour's: a table, and a page that what looks like an entry will name. */
static void prepare_table(void)
{
    machine_reset();
    d = machine_domain(0);
    neighbour = machine_domain(1);
    own = machine_frame(d);
    victim = machine_frame(neighbour);
    moving = machine_frame(neighbour);
    table(moving)[SLOT + 1] = pte_make(victim, DATA);
    CHECK_EQ(mmu_pin(neighbour, moving, FRAME_L1), 0);
}

static bool locks_are_free(void)
{
    return d->pages_lock.holder < 0 && neighbour->pages_lock.holder < 0 &&
           neighbour->paging_lock.holder < 0;
}

/* Until the allocator gives out that one. */
static void change_hands(struct domain *to)
{
    domain_release_frame(frame_of(moving));
    while (frame_owner(frame_of(moving)) != to)
        machine_frame(to);
}

/* The neighbour gives its table away, the caller's other processor takes the frame and writes what
 * it likes. */
static void other_hands_table_over(void)
{
    if (frame_owner(frame_of(moving)) != neighbour || !locks_are_free())
        return;
    machine_run(1);
    mmuext(MMUEXT_UNPIN_TABLE, moving.n, 0);
    change_hands(d);
    machine_run(0);
    table(moving)[SLOT] = pte_make(victim, DATA);
}

static void update_entry(void)
{
    struct mmu_update req = {mfn_maddr(moving).a + SLOT * sizeof(uint64_t), pte_make(own, DATA)};

    got = do_mmu_update((uint64_t)&req, 1, 0, DOMID_SELF);
}

static void map_grant(void)
{
    maddr_t entry = maddr(mfn_maddr(moving).a + SLOT * sizeof(uint64_t));

    got = mmu_map_grant_pte(entry, own, true, 0);
}

/* A page of the caller's may be written to as data, and holds nothing. */
static void check_no_entry(void)
{
    bool is_table = frame_owner(frame_of(moving)) == neighbour;

    CHECK_EQ(refs(victim), is_table ? 2 : 1);
    CHECK_EQ(refs(own), 1);
    CHECK_EQ(refs(moving), is_table ? 2 : 1);
    CHECK(got == -EINVAL || !is_table);
    memory_oracle();
}

/* The take-down of a level-3 table that was cut where it names `moving`, which nobody uses now. */
static void prepare_parent(void)
{
    machine_reset();
    d = machine_domain(0);
    neighbour = machine_domain(1);
    own = machine_frame(d);
    moving = machine_frame(d);
    victim = machine_frame(neighbour);
    table(own)[0] = pte_make(moving, TABLE);
    table(moving)[0] = pte_make(machine_frame(d), TABLE);
    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(d, own, FRAME_L3), -ERESTART);
    CHECK_EQ(mmu_pin(d, moving, FRAME_L2), 0);
    CHECK_EQ(mmuext(MMUEXT_UNPIN_TABLE, moving.n, 0), 0);
    CHECK(type_is_partial(frame_of(own)->type));
}

/* The frame becomes the neighbour's, who begins to make the same kind of table of it. */
static void other_takes_child(void)
{
    if (frame_owner(frame_of(moving)) != d || refs(moving) != 1 || !locks_are_free())
        return;
    machine_run(1);
    change_hands(neighbour);
    table(moving)[0] = pte_make(victim, TABLE);
    machine_preempt_after(1);
    CHECK_EQ(mmu_pin(neighbour, moving, FRAME_L2), -ERESTART);
    CHECK(type_is_partial(frame_of(moving)->type));
    machine_run(0);
}

static void take_down(void)
{
    spin_lock(&d->paging_lock);
    got = type_undo(frame_of(own));
    spin_unlock(&d->paging_lock);
}

static void check_strangers_stays(void)
{
    CHECK_EQ(got, 0);
    CHECK_EQ(refs(own), 1);
    if (frame_owner(frame_of(moving)) == neighbour)
        CHECK(type_is_partial(frame_of(moving)->type));
    memory_oracle();
}

int main(void)
{
    CHECK(interleave(prepare_table, update_entry, other_hands_table_over, check_no_entry) >= 2);
    CHECK(interleave(prepare_table, map_grant, other_hands_table_over, check_no_entry) >= 2);
    CHECK(interleave(prepare_parent, take_down, other_takes_child, check_strangers_stays) >= 3);
    return check_report();
}
