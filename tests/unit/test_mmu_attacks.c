/* sources: @memory */
/* Attacks on memory/ by a guest without privileges, one test each. */
#include "check.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/validate.h"
#include "one_root.h"
#include "x86/current.h"

/* A frame given back, and still in a TLB, must not be written to after it was zeroed for another.
 */
static void store_after_free(void)
{
    struct domain *d = one_root(1);
    unsigned before;

    CHECK_EQ(update(l1, 4, 0), 0);
    CHECK(domain_release_frame(frame_of(data)));
    before = machine_flushes;
    while (domain_alloc_frames(machine_domain(0), 0, 0))
        ;
    CHECK(machine_flushes > before);
    CHECK(d->tot_pages == 5);
}

/* What is to be flushed when a page becomes a table, which a guest can have as often as it likes:
 * the processors of its owner. */
static void flush_of_owner(void)
{
    struct domain *d = one_root(1);

    CHECK_EQ(update(l1, 4, 0), 0);
    CHECK_EQ(mmu_pin(d, data, FRAME_L1), 0);
    CHECK_EQ(machine_flushes, 1);
}

/* Then the owner makes a table of it: nobody has it writable in a TLB. */
static void make_table(mfn_t theirs)
{
    machine_flushes = 0;
    machine_run(1);
    /* It is not forgotten when the owner writes to it once more. */
    CHECK_EQ(mmuext(MMUEXT_CLEAR_PAGE, theirs.n, 0), 0);
    CHECK_EQ(mmu_pin(machine_domain(1), theirs, FRAME_L1), 0);
    CHECK_EQ(machine_flushes, 2);
    machine_tlb_check();
}

/* And everybody, when another domain had it writable, and did not flush: by an entry, by one that
 * became writable, and by a grant under another address. */
static void flush_of_others(void)
{
    mfn_t theirs;

    for (unsigned by_steps = 0; by_steps < 2; by_steps++) {
        one_root(0);
        theirs = machine_frame(machine_domain(1));
        if (by_steps)
            CHECK_EQ(update_as(1, l1, 5, pte_make(theirs, READ_ONLY), 0), 0);
        CHECK_EQ(update_as(1, l1, 5, pte_make(theirs, DATA), 0), 0);
        machine_tlb_fill();
        CHECK_EQ(update(l1, 5, 0), 0);
        make_table(theirs);
    }
    one_root(0);
    theirs = machine_frame(machine_domain(1));
    CHECK_EQ(update(l2, 4, pte_make(l1, TABLE)), 0);
    CHECK_EQ(mmu_map_grant_va(VA(1, 2, 3, 30), theirs, true, 0), 0);
    machine_tlb_fill();
    CHECK_EQ(mmu_unmap_grant_va(VA(1, 2, 3, 30), theirs, true, 0), 0);
    make_table(theirs);
}

/* As many mappings of one frame as its count can tell: Ringfort's own references still fit. */
static void count_overflow(void)
{
    struct frame *f;

    one_root(1);
    f = frame_of(spare);
    f->count += COUNT_REFS - 1 - (f->count & COUNT_REFS);
    CHECK(!frame_get(f, machine_domain(1)));
    CHECK(!frame_get_any(f));
    frame_hold(f);
    CHECK_EQ(f->count & ~COUNT_REFS, COUNT_RAM | COUNT_ALLOCATED);
    CHECK_EQ(f->count & COUNT_REFS, COUNT_REFS);
    f->count -= COUNT_REFS - COUNT_LIMIT + 1;
    CHECK(frame_get(f, machine_domain(1)));
    CHECK(!frame_get(f, machine_domain(1)));
    f->count -= COUNT_LIMIT - 1;
    memory_oracle();
}

/* XSA-402: what is written past the caches would not be what Ringfort reads when it validates. */
static void caching(void)
{
    static const uint64_t bits[] = {PTE_PWT, PTE_PCD, PTE_PAT, PTE_CACHING};

    one_root(1);
    for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
        CHECK_EQ(update(l1, 4, pte_make(data, DATA | bits[i])), -EINVAL);
        CHECK_EQ(update(l1, 5, pte_make(data, DATA | bits[i])), -EINVAL);
        CHECK_EQ(update(l1, 5, pte_make(data, PTE_PRESENT | bits[i])), -EINVAL);
        CHECK_EQ(do_update_va_mapping(VA(1, 2, 3, 4), pte_make(data, DATA | bits[i]), 0), -EINVAL);
    }
    CHECK_EQ(update(l2, 3, pte_make(l1, TABLE | PTE_PCD)), -EINVAL);
    CHECK_EQ(update(root, 2, pte_make(l3, TABLE | PTE_PWT)), -EINVAL);
    table(spare)[7] = pte_make(data, PTE_PRESENT | PTE_PCD);
    CHECK_EQ(mmu_pin(machine_domain(1), spare, FRAME_L1), -EINVAL);
    CHECK_EQ(frame_of(data)->count & COUNT_REFS, 2);
    memory_oracle();
}

/* The domain with devices may; its frames' lines are dropped before they become something else. */
static void caching_for_devices(void)
{
    struct domain *d = one_root(0);

    CHECK_EQ(update(l1, 5, pte_make(spare, DATA)), 0);
    CHECK_EQ(update(l1, 5, 0), 0);
    CHECK_EQ(mmu_pin(d, spare, FRAME_L1), 0);
    CHECK_EQ(machine_cache_flushes, 0);
    for (unsigned fast = 0; fast < 2; fast++) {
        one_root(0);
        if (fast)
            CHECK_EQ(update(l1, 5, pte_make(spare, DATA)), 0);
        CHECK_EQ(update(l1, 5, pte_make(spare, DATA | PTE_PCD)), 0);
        CHECK_EQ(update(l1, 5, 0), 0);
        CHECK_EQ(update(l1, 6, pte_make(spare, DATA)), 0);
        CHECK_EQ(update(l1, 6, 0), 0);
        CHECK_EQ(mmu_pin(d, spare, FRAME_L1), 0);
        CHECK_EQ(machine_cache_flushes, 1);
    }
}

/* L1TF: a processor that has it reads what an entry names that is not even present. */
static void absent_entries(void)
{
    const uint64_t ram = pte_make(data, 0), swapped = UINT64_C(0x000ffffffffe5000);
    struct domain *d;

    one_root(1);
    l1tf_bits = 44;
    CHECK_EQ(update(l1, 4, ram), -EINVAL);
    CHECK_EQ(update(l1, 9, ram | PTE_WRITE), -EINVAL);
    CHECK_EQ(update(l1, 9, UINT64_C(1) << 44 | ram), -EINVAL);
    CHECK_EQ(do_update_va_mapping(VA(1, 2, 3, 9), ram, 0), -EINVAL);
    CHECK_EQ(update(l2, 9, ram | PTE_LARGE), -EINVAL);
    /* All from address 0 on, or from wherever the address is rounded down to. */
    CHECK_EQ(update(l2, 9, PTE_LARGE), -EINVAL);
    CHECK_EQ(update(l3, 9, PTE_LARGE), -EINVAL);
    CHECK_EQ(update(root, 300, PTE_LARGE), -EINVAL);
    CHECK_EQ(update(l3, 9, swapped | PTE_LARGE), -EINVAL);
    CHECK_EQ(update(l1, 9, PTE_PAT), 0);
    /* Memory that is the firmware's. */
    CHECK_EQ(update(l1, 9, pte_make(mfn(0x7ff00), 0)), -EINVAL);
    CHECK_EQ(update(l1, 9, pte_make(mfn(0xfffff), 0)), -EINVAL);
    CHECK_EQ(update(l1, 9, pte_make(mfn(0x100000), 0)), 0);
    CHECK_EQ(update(l1, 9, 0x55 & ~PTE_PRESENT), 0);
    CHECK_EQ(update(l1, 9, swapped | 0x55 << 1), 0);
    CHECK_EQ(update(l1, 9, 0), 0);
    table(spare)[0] = swapped;
    CHECK_EQ(mmu_pin(machine_domain(1), spare, FRAME_L1), 0);
    CHECK_EQ(update(root, 300, pte_make(mfn(5), 0)), -EINVAL);
    l1tf_bits = 0;
    CHECK_EQ(update(l1, 9, ram), 0);
    d = one_root(1);
    l1tf_bits = 44;
    for (int type = FRAME_L1; type <= FRAME_L4; type++) {
        table(spare)[511] = ram;
        CHECK_EQ(mmu_pin(d, spare, type), -EINVAL);
        table(spare)[511] = type == FRAME_L1 ? ram : PTE_LARGE;
        CHECK_EQ(mmu_pin(d, spare, type), -EINVAL);
    }
    memory_oracle();
    /* In Ringfort's slots anything may stand: it is replaced. */
    table(spare)[511] = 0;
    table(spare)[HV_SLOT_FIRST] = ram;
    CHECK_EQ(mmu_pin(d, spare, FRAME_L4), 0);
    one_root(0);
    CHECK_EQ(update(l1, 9, ram), 0);
    l1tf_bits = 0;
}

/* One level-1 table at two addresses: the unmapped page is in the TLB under the other one too. */
static void grant_at_two_addresses(void)
{
    mfn_t theirs;
    unsigned before;

    one_root(1);
    theirs = machine_frame(machine_domain(0));
    CHECK_EQ(update(l2, 4, pte_make(l1, TABLE)), 0);
    CHECK_EQ(mmu_map_grant_va(VA(1, 2, 3, 30), theirs, true, 0), 0);
    before = machine_flushes;
    CHECK_EQ(mmu_unmap_grant_va(VA(1, 2, 3, 30), theirs, true, 0), 0);
    CHECK(machine_flushes > before);
}

/* Tables of a domain whose frames are being given back do not change any more. */
static void update_of_dying_domain(void)
{
    const unsigned theirs = DOMID_SELF | (1 + 1) << 16;
    struct domain *d = one_root(1);

    machine_run(0);
    CHECK_EQ(update_as(theirs | 1, l1, 9, 0x10, 0), 0);
    d->state = DOMAIN_DYING;
    CHECK_EQ(update_as(theirs, l1, 9, 0x20, 0), -EINVAL);
    CHECK_EQ(update_as(theirs, spare, 9, 0x20, 0), -EINVAL);
    CHECK_EQ(mmu_pin(d, spare, FRAME_L1), -EINVAL);
}

/* Whom a domain without privileges may name, as owner of frames and of tables. */
static void foreign_names(void)
{
    static const domid_t others[] = {0, 7, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, 0x7fff};
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE};
    struct mmu_update req;

    one_root(1);
    op.arg1.mfn = spare.n;
    req = (struct mmu_update){mfn_maddr(l1).a + 8, pte_make(data, DATA)};
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        unsigned tables = (others[i] + 1u) << 16;

        CHECK(do_mmu_update((uint64_t)&req, 1, 0, others[i]) < 0);
        CHECK(do_mmu_update((uint64_t)&req, 1, 0, tables | DOMID_SELF) < 0);
        CHECK(do_mmu_update((uint64_t)&req, 1, 0, tables | others[i]) < 0);
        CHECK(do_mmuext_op((uint64_t)&op, 1, 0, others[i]) < 0);
        CHECK(do_update_va_mapping_otherdomain(VA(1, 2, 3, 4), req.val, 0, others[i]) < 0);
    }
    CHECK(do_mmu_update((uint64_t)&req, 1, 0, (DOMID_IO + 1u) << 16 | DOMID_SELF) < 0);
    CHECK(do_mmu_update((uint64_t)&req, 1, 0, DOMID_IO) < 0);
    CHECK(do_mmuext_op((uint64_t)&op, 1, 0, DOMID_IO) < 0);
    CHECK_EQ(machine_domain(0)->refs, 1);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, (1 + 1) << 16 | 1), 0);
    memory_oracle();
}

/* A second tree that dies while the slot is taken waits for the first: nothing runs to its end in
 * one go because the guest asked for it. */
static void two_dying_tables(void)
{
    struct vcpu *v;

    one_root(1);
    v = current;
    machine_preempt_always(true);
    CHECK_EQ(update(root, 1, 0), 0);
    CHECK(mfn_eq(v->memory.dying_table, l3));
    CHECK_EQ(vcpu_set_root(v, root, false), 0);
    machine_preempt_always(false);
    CHECK(mfn_eq(v->memory.dying_table, INVALID_MFN));
    memory_oracle();
}

/* What is no table is data to mmu_update, unless it is something else that the guest must not
 * write. */
static void update_of_descriptors(void)
{
    uint64_t frames[1];

    one_root(1);
    frames[0] = spare.n;
    CHECK_EQ(update(spare, 3, UINT64_C(0x0000ec0000080000)), 0);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 512), -EINVAL);
    CHECK_EQ(update(spare, 3, 0), 0);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 512), 0);
    CHECK_EQ(update(spare, 3, UINT64_C(0x0000ec0000080000)), -EINVAL);
    CHECK_EQ(table(spare)[3], 0);
    memory_oracle();
}

/* The frame was freed and is a page that Ringfort shares with another domain by the time the slot
 * is looked at: such a page does not keep that domain, whose lock must not be touched. */
static void dying_table_reused(void)
{
    struct vcpu *v = current;
    struct domain *other = machine_domain(1);
    void *page = page_alloc(0);

    frame_share(frame_of(virt_to_mfn(page)), other, true);
    v->memory.dying_table = virt_to_mfn(page);
    spin_lock(&other->paging_lock);
    CHECK_EQ(mmu_drain_dying(v), 0);
    spin_unlock(&other->paging_lock);
    CHECK(mfn_eq(v->memory.dying_table, INVALID_MFN));
    CHECK(frame_unshare(frame_of(virt_to_mfn(page))));
}

int main(void)
{
    update_of_descriptors();
    store_after_free();
    flush_of_owner();
    flush_of_others();
    count_overflow();
    caching();
    caching_for_devices();
    absent_entries();
    grant_at_two_addresses();
    update_of_dying_domain();
    foreign_names();
    two_dying_tables();
    dying_table_reused();
    return check_report();
}
