/* sources: @memory tests/host/interleave.c */
/* One frame of domain 1, and what two processors can want of it at the same time: Domain0 on one,
 * its owner on the other; or its owner on both. Each pair of calls in each state of the frame,
 * changed over at each read of the first and at some of the second. At every change the TLBs hold
 * no translation that the frame's type forbids, and take in all that there are; at the end every
 * reference is counted. */
#include "check.h"
#include "interleave.h"
#include "lib/assert.h"
#include "memory/allocator.h"
#include "memory/descriptor_tables.h"
#include "memory/frame_table.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "one_root.h"
#include "x86/current.h"

#define SLOT 9 /* entry of each domain's level-1 table that may map the frame */
#define OWNERS_TABLES ((1 + 1) << 16 | 1)

static struct domain *owner;
static mfn_t shared, own_l2, own_l1;

static void entry(mfn_t m, unsigned index, uint64_t value, unsigned foreign)
{
    struct mmu_update req = {mfn_maddr(m).a + index * sizeof(uint64_t), value};

    do_mmu_update((uint64_t)&req, 1, 0, foreign);
}

/* Domain0's calls, on l1 of one_root(). */
static void host_writes(void)
{
    entry(l1, SLOT, pte_make(shared, DATA), 1);
}

static void host_reads(void)
{
    entry(l1, SLOT, pte_make(shared, READ_ONLY), 1);
}

static void host_unmaps(void)
{
    entry(l1, SLOT, 0, DOMID_SELF);
}

/* As a grant does it: references first, which stay with the entry here. */
static void host_maps_grant(void)
{
    if (frame_get_typed(frame_of(shared), owner, FRAME_WRITABLE))
        return;
    mmu_map_grant_va(VA(1, 2, 3, SLOT), shared, true, 0);
    frame_put_typed(frame_of(shared));
}

static void host_unmaps_grant(void)
{
    mmu_unmap_grant_va(VA(1, 2, 3, SLOT), shared, true, 0);
}

static void host_pins(void)
{
    mmu_pin(owner, shared, FRAME_L1);
}

static void host_changes_tables(void)
{
    entry(own_l1, SLOT, pte_make(shared, DATA), OWNERS_TABLES);
}

static void host_clears(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = shared.n};

    do_mmuext_op((uint64_t)&op, 1, 0, 1);
}

static void host_looks(void)
{
    if (frame_get(frame_of(shared), owner))
        frame_put(frame_of(shared));
}

/* On the owner's behalf. */
static void host_exchanges(void)
{
    if (domain_detach_frame(owner, frame_of(shared)))
        page_free(mfn_to_virt(shared), 0);
}

/* The owner's. */
static void owner_pins(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = shared.n};

    do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF);
}

static void owner_unpins(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = shared.n};

    do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF);
}

static void owner_writes(void)
{
    entry(own_l1, SLOT, pte_make(shared, DATA), DOMID_SELF);
}

static void owner_unmaps(void)
{
    entry(own_l1, SLOT, 0, DOMID_SELF);
}

static void owner_links(void)
{
    entry(own_l2, SLOT, pte_make(shared, TABLE), DOMID_SELF);
}

static void owner_stores(void)
{
    entry(shared, 0, pte_make(own_l1, READ_ONLY), DOMID_SELF);
}

static void owner_sets_gdt(void)
{
    uint64_t list[] = {shared.n};

    do_set_gdt((uint64_t)list, 1);
}

static void owner_sets_descriptor(void)
{
    do_update_descriptor(mfn_maddr(shared).a + 8, UINT64_C(0x00cff2000000ffff));
}

static void owner_releases(void)
{
    if (!frame_get(frame_of(shared), owner))
        return;
    domain_release_frame(frame_of(shared));
    frame_put(frame_of(shared));
}

static void owner_transfers(void)
{
    if (domain_detach_frame(owner, frame_of(shared)))
        domain_attach_frame(machine_domain(0), frame_of(shared));
}

/* All of it, as if a processor of Domain0's did that. */
static void owner_dies(void)
{
    owner->state = DOMAIN_DYING;
    while (vcpu_drop_roots(current))
        ;
    vcpu_drop_gdt(current);
    while (memory_teardown(owner))
        ;
}

static void nothing(void)
{
}

static interleave_fn *const hosts[] = {
    host_writes, host_reads,          host_unmaps, host_maps_grant, host_unmaps_grant,
    host_pins,   host_changes_tables, host_clears, host_looks,      host_exchanges,
};
static interleave_fn *const owners[] = {
    owner_pins,     owner_unpins,    owner_writes,   owner_unmaps,
    owner_links,    owner_stores,    owner_sets_gdt, owner_sets_descriptor,
    owner_releases, owner_transfers, owner_dies,
};
/* How the frame is used before: by a call of Domain0's or its owner's. */
static const struct {
    interleave_fn *call;
    unsigned domain;
} states[] = {
    {nothing, 0},    {host_writes, 0}, {host_reads, 0},   {host_maps_grant, 0},
    {owner_pins, 1}, {owner_links, 1}, {owner_writes, 1}, {owner_sets_gdt, 1},
};

/* `both`: the owner has the first processor too, and Domain0 none. */
static void prepare(unsigned state, bool both)
{
    mfn_t own_root, own_l3;

    one_root(0);
    machine_run(1);
    owner = machine_domain(1);
    shared = machine_frame(owner);
    own_root = machine_frame(owner), own_l3 = machine_frame(owner);
    own_l2 = machine_frame(owner), own_l1 = machine_frame(owner);
    table(own_root)[0] = pte_make(own_l3, TABLE);
    table(own_l3)[0] = pte_make(own_l2, TABLE);
    table(own_l2)[0] = pte_make(own_l1, TABLE);
    CHECK_EQ(mmu_new_baseptr(own_root), 0);
    machine_run(states[state].domain);
    states[state].call();
    machine_run(0);
    if (both) {
        CHECK_EQ(vcpu_drop_roots(current), 0);
        current->domain = owner;
        CHECK_EQ(mmu_new_baseptr(own_root), 0);
    }
    machine_tlb_fill();
}

static void changed(unsigned next)
{
    machine_tlb_check();
    machine_tlb_fill();
    machine_run(next);
}

static uint64_t pages_on(const struct domain *d, const struct list *list)
{
    struct frame *f;
    uint64_t pages = 0;

    list_for_each (f, list, link) {
        pages++;
        if (frame_owner(f) != d)
            panic("frame %lx: on the list of domain %u", frame_mfn(f).n, d->id);
    }
    return pages;
}

/* Each domain's frames are counted and are its own, and what its level-1 table maps is: without
 * rights on others, that is. */
static void check_owners(void)
{
    for (unsigned id = 0; id < 2; id++) {
        struct domain *d = machine_domain(id);

        if (pages_on(d, &d->pages) + pages_on(d, &d->teardown) != d->tot_pages)
            panic("domain %u: more or less than %lu frames", id, d->tot_pages);
    }
    if (type_is_live_table(frame_of(own_l1)->type) && table(own_l1)[SLOT] & PTE_PRESENT &&
        frame_owner(frame_of(shared)) != owner)
        panic("mapped by who has no right");
    /* A dead domain has what others still map. */
    if (owner->state == DOMAIN_DYING &&
        (owner->tot_pages > 1 || (owner->tot_pages && frame_owner(frame_of(shared)) != owner)))
        panic("%lu frames of a dead domain are left", owner->tot_pages);
}

/* False when the first has not so many reads. */
static bool run(interleave_fn *one, interleave_fn *other, unsigned first, unsigned second)
{
    bool reached;

    reached = interleave_two(one, other, first, second, changed);
    machine_run(0);
    machine_tlb_check();
    memory_oracle();
    check_owners();
    return reached;
}

/* All of the second behind each read of the first; and a part of it, another one each time. */
static unsigned pair(unsigned state, bool both, interleave_fn *one, interleave_fn *other)
{
    unsigned first = 0;
    bool reached;

    do {
        first++;
        prepare(state, both);
        reached = run(one, other, first, UINT32_MAX);
        prepare(state, both);
        run(one, other, first, 1 + (first * 7 + state) % 16);
    } while (reached);
    return first;
}

int main(void)
{
    unsigned changes = 0;

    for (unsigned s = 0; s < ARRAY_SIZE(states); s++)
        for (unsigned o = 0; o < ARRAY_SIZE(owners); o++) {
            for (unsigned h = 0; h < ARRAY_SIZE(hosts); h++)
                changes += pair(s, false, hosts[h], owners[o]);
            /* A domain dies when none of its vCPUs runs. */
            for (unsigned p = 0; p < ARRAY_SIZE(owners) && states[s].domain; p++)
                if (owners[o] != owner_dies && owners[p] != owner_dies)
                    changes += pair(s, true, owners[p], owners[o]);
        }
    CHECK(changes > 8000);
    printf("%u changes\n", changes);
    return check_report();
}
