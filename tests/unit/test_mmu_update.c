/* sources: @memory */
#include <string.h>

#include "check.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/update_parties.h"
#include "one_root.h"
#include "x86/current.h"

static struct domain *d;

/* Domain 0 on one root, whose last table is mapped read-only next to `data`. */
static void start(void)
{
    d = one_root(0);
    CHECK_EQ(update(l1, 5, pte_make(l1, READ_ONLY)), 0);
}

static void leaves(void)
{
    start();
    CHECK_EQ(refs(data), 2);
    CHECK_EQ(update(l1, 6, pte_make(data, DATA)), 0);
    CHECK_EQ(refs(data), 3);
    CHECK_EQ(update(l1, 6, pte_make(data, PTE_PRESENT)), 0);
    CHECK_EQ(frame_of(data)->type & TYPE_COUNT, 1);
    CHECK_EQ(update(l1, 6, pte_make(spare, DATA)), 0);
    CHECK_EQ(refs(data), 2);
    CHECK_EQ(update(l1, 6, 0x1234560), 0);
    CHECK_EQ(refs(spare), 1);
    CHECK_EQ(table(l1)[6], 0x1234560);
    CHECK_EQ(update(l1, 6, pte_make(l2, DATA)), -EINVAL);
    CHECK_EQ(update(l1, 5, pte_make(l1, DATA)), -EINVAL);
    CHECK_EQ(table(l1)[6], 0x1234560);
    /* Half an entry further on. */
    CHECK_EQ(update_as(DOMID_SELF, l1, 6, pte_make(spare, DATA), 4), -EINVAL);
    CHECK_EQ(table(l1)[6], 0x1234560);
    CHECK_EQ(table(l1)[7], 0);
    CHECK_EQ(update(l1, 7, pte_make(mfn(DEVICE_FRAME), DATA)), 0);
    CHECK_EQ(update(l1, 7, pte_make(mfn(0x200000), DATA)), -EINVAL);
}

static void accessed_and_dirty(void)
{
    uint64_t e;

    start();
    table(l1)[4] |= PTE_ACCESSED | PTE_DIRTY;
    CHECK_EQ(update_as(DOMID_SELF, l1, 4, pte_make(data, PTE_PRESENT), MMU_PT_UPDATE_PRESERVE_AD),
             0);
    e = table(l1)[4];
    CHECK_EQ(e & (PTE_ACCESSED | PTE_DIRTY | PTE_WRITE), PTE_ACCESSED | PTE_DIRTY);
    CHECK_EQ(update(l1, 4, pte_make(data, PTE_PRESENT)), 0);
    CHECK_EQ(table(l1)[4] & (PTE_ACCESSED | PTE_DIRTY), 0);
}

static void inner_entries(void)
{
    start();
    CHECK_EQ(update(root, HV_SLOT_FIRST, pte_make(l3, TABLE)), -EINVAL);
    CHECK_EQ(update(root, HV_SLOT_LAST, 0), -EINVAL);
    CHECK_EQ(update(root, HV_SLOT_LAST + 1, pte_make(l3, TABLE)), 0);
    CHECK_EQ(frame_of(l3)->type & TYPE_COUNT, 2);
    CHECK_EQ(update(l2, 9, pte_make(spare, TABLE | PTE_LARGE)), -EINVAL);
    CHECK_EQ(update(l2, 9, pte_make(spare, TABLE)), 0);
    CHECK_EQ(key_type(frame_of(spare)->type), FRAME_L1);
    CHECK_EQ(update(l2, 9, pte_make(spare, TABLE | PTE_LARGE)), -EINVAL);
    CHECK_EQ(update(l2, 9, 0), 0);
    CHECK_EQ(update(l1, 9, pte_make(spare, DATA)), 0);
    CHECK_EQ(update(root, HV_SLOT_LAST + 1, 0), 0);
    /* The whole tree goes at once; preempted, it waits in the slot. */
    machine_preempt_always(true);
    CHECK_EQ(update(root, 1, 0), 0);
    CHECK(mfn_is_named(current->memory.dying_table));
    while (mmu_drain_dying(current))
        memory_oracle();
    memory_oracle();
    CHECK_EQ(refs(data), 1);
    CHECK_EQ(refs(l1), 1);
}

static void foreign(void)
{
    struct domain *other = machine_domain(1);
    struct mmu_update req;
    mfn_t theirs;

    start();
    theirs = machine_frame(other);
    CHECK_EQ(update(l1, 8, pte_make(theirs, DATA)), -EINVAL);
    req = (struct mmu_update){mfn_maddr(l1).a + 8 * 8, pte_make(theirs, DATA)};
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, 1), 0);
    memory_oracle();
    CHECK_EQ(refs(theirs), 2);
    CHECK_EQ(other->refs, 2);
    /* Mapped read-only by the same right, it does not become writable without it. */
    req.val = pte_make(theirs, PTE_PRESENT);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, 1), 0);
    CHECK_EQ(update(l1, 8, pte_make(theirs, DATA)), -EINVAL);
    CHECK_EQ(update(l1, 8, 0), 0);
    CHECK_EQ(refs(theirs), 1);
    machine_run(1);
    CHECK_EQ(do_mmu_update((uint64_t)&req, 1, 0, 0), -ESRCH);
}

static void batches(void)
{
    struct mmu_update list[4];
    uint32_t done = 0;
    long rc;

    start();
    for (unsigned i = 0; i < 4; i++)
        list[i] = (struct mmu_update){mfn_maddr(l1).a + (10 + i) * 8, pte_make(spare, DATA)};
    list[3].val = pte_make(l1, DATA);
    machine_preempt_after(2);
    rc = do_mmu_update((uint64_t)list, 4, (uint64_t)&done, DOMID_SELF);
    CHECK_EQ(rc, -ERESTART);
    CHECK_EQ(last_restart.args[1], 2 | BATCH_RESUMED);
    CHECK_EQ(done, 2);
    rc = do_mmu_update(last_restart.args[0], last_restart.args[1], last_restart.args[2],
                       last_restart.args[3]);
    CHECK_EQ(rc, -EINVAL);
    CHECK_EQ(done, 3);
    CHECK_EQ(refs(spare), 4);
    CHECK_EQ(do_mmu_update(8, 1, 0, 0x1230000 | DOMID_SELF), -ESRCH);
    memory_oracle();
}

static void machine_to_physical(void)
{
    start();
    CHECK_EQ(update_as(DOMID_SELF, data, 0, 77, MMU_MACHPHYS_UPDATE), 0);
    CHECK_EQ(m2p_get(data), 77);
    CHECK_EQ(update_as(DOMID_SELF, mfn(3), 0, 78, MMU_MACHPHYS_UPDATE), -EINVAL);
    CHECK_EQ(update_as(DOMID_SELF, mfn(DEVICE_FRAME), 0, 78, MMU_MACHPHYS_UPDATE), -EINVAL);
    CHECK_EQ(update(mfn(DEVICE_FRAME), 0, 78), -EINVAL);
}

static void by_address(void)
{
    start();
    CHECK_EQ(do_update_va_mapping(VA(1, 2, 3, 4), pte_make(spare, DATA), UVMF_INVLPG), 0);
    CHECK_EQ(refs(spare), 2);
    CHECK_EQ(refs(data), 1);
    CHECK_EQ(do_update_va_mapping(VA(1, 2, 4, 4), pte_make(spare, DATA), 0), -EINVAL);
    CHECK_EQ(do_update_va_mapping(HV_VIRT_START, pte_make(spare, DATA), 0), -EINVAL);
    CHECK_EQ(pte_mfn(mmu_walk(root, VA(1, 2, 3, 4))).n, spare.n);
    CHECK_EQ(mmu_walk(root, VA(1, 2, 3, 100)), 0);
    CHECK_EQ(mmu_walk(root, HV_VIRT_START), 0);
    memory_oracle();
}

static void base_pointers(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR};

    start();
    op.arg1.mfn = l3.n;
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF), -EINVAL);
    /* Only of itself. */
    op.arg1.mfn = root.n;
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, 0, 1), -EPERM);
    op.cmd = MMUEXT_NEW_USER_BASEPTR;
    op.arg1.mfn = root.n;
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF), 0);
    CHECK_EQ(frame_of(root)->type & TYPE_COUNT, 2);
    op.arg1.mfn = 0;
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF), 0);
    CHECK_EQ(frame_of(root)->type & TYPE_COUNT, 1);
    CHECK_EQ(mmu_new_baseptr(spare), 0);
    CHECK_EQ(frame_of(root)->type & TYPE_COUNT, 0);
    CHECK_EQ(table(spare)[HV_SLOT_FIRST], hv_root[HV_SLOT_FIRST]);
    memory_oracle();
}

/* A fault of the instruction `code`, a store through RDI of RAX. */
static bool trapped(const uint8_t *code, size_t n, uint64_t va, uint64_t rax)
{
    static uint8_t text[32];

    memcpy(text, code, n);
    host_regs.rip = (uint64_t)text;
    host_regs.rdi = va;
    host_regs.rax = rax;
    return mmu_fixup_fault(current, va, 3 | 4, &host_regs);
}

static void trapped_stores(void)
{
    static const uint8_t mov[] = {0x48, 0x89, 0x07}, xchg[] = {0x48, 0x87, 0x07};
    static const uint8_t and_byte[] = {0xf0, 0x80, 0x27, 0xfd};
    uint64_t va = VA(1, 2, 3, 5);

    start();
    CHECK(trapped(mov, sizeof(mov), va + 20 * 8, pte_make(spare, DATA)));
    CHECK_EQ(pte_mfn(table(l1)[20]).n, spare.n);
    CHECK_EQ(refs(spare), 2);
    memory_oracle();
    CHECK(!trapped(mov, sizeof(mov), va + 20 * 8, pte_make(l2, DATA)));
    CHECK(trapped(and_byte, sizeof(and_byte), va + 20 * 8, 0));
    CHECK_EQ(frame_of(spare)->type & TYPE_COUNT, 0);
    memory_oracle();
    CHECK(trapped(xchg, sizeof(xchg), va + 20 * 8, 0));
    CHECK_EQ(host_regs.rax & PTE_FRAME, mfn_maddr(spare).a);
    CHECK_EQ(table(l1)[20], 0);
    CHECK_EQ(refs(spare), 1);
    /* Not a table. */
    CHECK(!trapped(mov, sizeof(mov), VA(1, 2, 3, 4), 0));
    memory_oracle();
}

static void grants(void)
{
    struct domain *other = machine_domain(1);
    mfn_t theirs;
    uint64_t va = VA(1, 2, 3, 30);

    start();
    theirs = machine_frame(other);
    CHECK_EQ(mmu_map_grant_va(va, theirs, true, 0), 0);
    CHECK_EQ(frame_of(theirs)->type & TYPE_COUNT, 1);
    memory_oracle();
    CHECK_EQ(mmu_unmap_grant_va(va, data, true, 0), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_va(va, theirs, true, VA(1, 2, 3, 4)), 0);
    CHECK_EQ(refs(theirs), 1);
    CHECK_EQ(pte_mfn(table(l1)[30]).n, data.n);
    CHECK_EQ(table(l1)[4], 0);
    memory_oracle();
    CHECK_EQ(mmu_map_grant_pte(maddr(mfn_maddr(l1).a + 31 * 8), theirs, false, 0), 0);
    CHECK_EQ(mmu_map_grant_pte(maddr(mfn_maddr(l2).a + 31 * 8), theirs, false, 0), -EINVAL);
    /* A read-only grant does not become writable by the guest's own update. */
    CHECK_EQ(update(l1, 31, pte_make(theirs, DATA)), -EINVAL);
    CHECK_EQ(mmu_unmap_grant_pte(maddr(mfn_maddr(l1).a + 31 * 8), theirs, false), 0);
    CHECK_EQ(refs(theirs), 1);
    memory_oracle();
}

static void descriptors(void)
{
    uint64_t frames[1];

    start();
    table(spare)[1] = UINT64_C(0x00af9a000000ffff); /* code, privilege level 0 */
    table(spare)[2] = UINT64_C(0x00cf92000000ffff);
    frames[0] = spare.n;
    CHECK_EQ(do_set_gdt((uint64_t)frames, 16), 0);
    CHECK_EQ(table(spare)[1], UINT64_C(0x00affb000000ffff));
    memory_oracle();
    CHECK_EQ(update(l1, 50, pte_make(spare, DATA)), -EINVAL);
    CHECK_EQ(do_update_descriptor(mfn_maddr(spare).a + 24, UINT64_C(0x00cff2000000ffff)), 0);
    CHECK_EQ(table(spare)[3], UINT64_C(0x00cff3000000ffff));
    CHECK_EQ(do_update_descriptor(mfn_maddr(spare).a + 24, UINT64_C(0x0000ec0000080000)), -EINVAL);
    CHECK_EQ(do_update_descriptor(mfn_maddr(l2).a, 0), -EINVAL);
    CHECK_EQ(do_set_gdt((uint64_t)frames, 0), 0);
    CHECK_EQ(update(l1, 50, pte_make(spare, DATA)), 0);
}

int main(void)
{
    leaves();
    accessed_and_dirty();
    inner_entries();
    foreign();
    batches();
    machine_to_physical();
    by_address();
    base_pointers();
    trapped_stores();
    grants();
    descriptors();
    return check_report();
}
