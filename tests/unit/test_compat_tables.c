/* sources: @memory */
/* Page tables of 32-bit guests: four legacy entries on top, Ringfort's hole in the table of the
 * last. */
#include <string.h>

#include "check.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/validate.h"
#include "page_tables.h"
#include "x86/current.h"

#define HOLE_INDEX(start) ((unsigned)((start) >> 21 & 511))

static struct domain *d;
static mfn_t root, l2[4], l1, data, spare;

static uint64_t key(mfn_t m)
{
    return frame_of(m)->type & TYPE_KEY;
}

/* Tables for a whole 4 GiB; `l1` is at the start of the first and the last GiB. */
static void start(uint64_t hole)
{
    machine_reset();
    d = machine_domain(1);
    d->is_compat = true;
    d->compat_hole_start = hole;
    machine_run(1);
    root = machine_frame(d);
    l1 = machine_frame(d);
    data = machine_frame(d);
    spare = machine_frame(d);
    for (unsigned i = 0; i < COMPAT_L3_ENTRIES; i++) {
        l2[i] = machine_frame(d);
        table(root)[i] = pte_make(l2[i], PTE_PRESENT);
    }
    table(l2[0])[0] = pte_make(l1, TABLE);
    table(l2[3])[0] = pte_make(l1, TABLE);
    table(l1)[4] = pte_make(data, DATA | PTE_GLOBAL);
    table(l1)[5] = pte_make(l1, PTE_PRESENT);
}

static void valid_tree(void)
{
    start(COMPAT_HOLE_DEFAULT);
    table(root)[4] = ~UINT64_C(0);
    table(l2[3])[HOLE_INDEX(COMPAT_HOLE_DEFAULT)] = ~UINT64_C(0);
    table(l2[3])[511] = ~UINT64_C(0);
    CHECK_EQ(mmu_new_baseptr(root), 0);
    CHECK_EQ(key(root), type_key(FRAME_L3));
    for (unsigned i = 0; i < 3; i++)
        CHECK_EQ(key(l2[i]), type_key(FRAME_L2));
    CHECK_EQ(key(l2[3]), type_key(FRAME_L2) | TYPE_TOP_L2);
    /* The processor walks four levels: the legacy entries become real ones, and nothing follows. */
    CHECK_EQ(table(root)[0] & TABLE, TABLE);
    for (unsigned i = COMPAT_L3_ENTRIES; i < TABLE_ENTRIES; i++)
        CHECK_EQ(table(root)[i], 0);
    for (unsigned i = HOLE_INDEX(COMPAT_HOLE_DEFAULT); i < TABLE_ENTRIES; i++)
        CHECK_EQ(table(l2[3])[i], COMPAT_HOLE_ENTRY(i));
    /* Ring 1 and ring 3 stay apart, and no entry of the guest's is global. */
    CHECK_EQ(table(l1)[4], pte_make(data, DATA));
    memory_oracle();
}

static void invalid_roots(void)
{
    start(COMPAT_HOLE_DEFAULT);
    table(root)[3] = 0;
    CHECK_EQ(mmu_new_baseptr(root), -EINVAL);
    memory_oracle();
    start(COMPAT_HOLE_DEFAULT);
    /* The table with the hole serves for the last entry only. */
    table(root)[1] = pte_make(l2[3], PTE_PRESENT);
    CHECK_EQ(mmu_new_baseptr(root), -EINVAL);
    memory_oracle();
    CHECK_EQ(mmu_pin(d, root, FRAME_L4), -EINVAL);
    static const uint64_t bits[] = {PTE_NX, PTE_KERNEL, PTE_LARGE, PTE_GLOBAL, PTE_PCD};
    for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
        start(COMPAT_HOLE_DEFAULT);
        table(root)[2] |= bits[i];
        CHECK_EQ(mmu_pin(d, root, FRAME_L3), -EINVAL);
        memory_oracle();
    }
}

static void updates(void)
{
    const unsigned hole = HOLE_INDEX(COMPAT_HOLE_DEFAULT);

    start(COMPAT_HOLE_DEFAULT);
    CHECK_EQ(mmu_new_baseptr(root), 0);
    CHECK_EQ(update(root, 3, 0), -EINVAL);
    CHECK_EQ(update(root, 4, pte_make(l2[0], PTE_PRESENT)), -EINVAL);
    CHECK_EQ(update(root, 4, 0), -EINVAL);
    CHECK_EQ(update(root, 3, pte_make(l2[0], PTE_PRESENT)), -EINVAL);
    CHECK_EQ(update(root, 3, pte_make(spare, PTE_PRESENT)), 0);
    CHECK_EQ(key(spare), type_key(FRAME_L2) | TYPE_TOP_L2);
    CHECK_EQ(update(root, 2, pte_make(l2[1], PTE_PRESENT | PTE_NX)), -EINVAL);
    CHECK_EQ(update(root, 2, pte_make(l2[1], PTE_PRESENT)), 0);
    CHECK_EQ(update(root, 2, table(root)[2]), 0);
    CHECK_EQ(update(spare, hole - 1, pte_make(l1, TABLE)), 0);
    CHECK_EQ(update(spare, hole, pte_make(l1, TABLE)), -EINVAL);
    CHECK_EQ(update(spare, 511, 0), -EINVAL);
    CHECK_EQ(update(l2[0], 511, pte_make(l1, TABLE)), 0);
    CHECK_EQ(update(l2[0], 2, pte_make(l1, TABLE | PTE_LARGE)), -EINVAL);
    CHECK_EQ(update(l1, 9, pte_make(data, DATA | PTE_USER | PTE_NX)), 0);
    CHECK_EQ(table(l1)[9], pte_make(data, DATA | PTE_USER | PTE_NX));
}

/* The hole begins where the guest's notes permit. */
static void smaller_hole(void)
{
    const unsigned paper = HOLE_INDEX(COMPAT_HOLE_PAPER);

    start(COMPAT_HOLE_PAPER);
    CHECK_EQ(mmu_new_baseptr(root), 0);
    CHECK_EQ(update(l2[3], HOLE_INDEX(COMPAT_HOLE_DEFAULT), pte_make(l1, TABLE)), 0);
    CHECK_EQ(update(l2[3], paper - 1, pte_make(l1, TABLE)), 0);
    CHECK_EQ(update(l2[3], paper, pte_make(l1, TABLE)), -EINVAL);
}

/* A 32-bit store, `mov %eax, (%edi)`, to a level-1 table. */
static bool store(unsigned index, unsigned half, uint32_t value)
{
    static const uint8_t mov[] = {0x89, 0x07};
    static uint8_t text[32];

    memcpy(text, mov, sizeof(mov));
    host_regs.rip = (uint64_t)text;
    host_regs.rdi = (5u << 12) + index * 8 + half * 4;
    host_regs.rax = value;
    return mmu_fixup_fault(current, host_regs.rdi, 3 | 4, &host_regs);
}

/* An entry is written in two halves; whichever comes first, no wrong frame is mapped in between. */
static void stores_by_halves(void)
{
    uint64_t e = pte_make(data, DATA) | PTE_NX;

    start(COMPAT_HOLE_DEFAULT);
    CHECK_EQ(mmu_new_baseptr(root), 0);
    CHECK(store(20, 1, e >> 32));
    CHECK_EQ(table(l1)[20], e & ~UINT64_C(0xffffffff));
    CHECK(store(20, 0, e));
    CHECK_EQ(table(l1)[20], e);
    memory_oracle();
    CHECK(store(20, 0, 0));
    CHECK_EQ(table(l1)[20], e & ~UINT64_C(0xffffffff));
    /* Low half first: it names another's frame until the high half is there. */
    CHECK(store(21, 0, pte_make(mfn(3), DATA)));
    CHECK_EQ(table(l1)[21], pte_make(mfn(3), PTE_WRITE));
    memory_oracle();
}

static void base_pointers(void)
{
    start(COMPAT_HOLE_DEFAULT);
    CHECK_EQ(mmu_new_baseptr(root), 0);
    CHECK_EQ(mmu_new_baseptr(l2[0]), -EINVAL);
    CHECK_EQ(root_switch(root, true), -EOPNOTSUPP);
    CHECK_EQ(vcpu_drop_roots(current), 0);
    CHECK_EQ(frame_of(root)->type & TYPE_COUNT, 0);
    CHECK_EQ(frame_of(data)->count & COUNT_REFS, 1);
    memory_oracle();
}

int main(void)
{
    valid_tree();
    invalid_roots();
    updates();
    smaller_hole();
    stores_by_halves();
    base_pointers();
    return check_report();
}
