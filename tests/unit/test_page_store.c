/* sources: @memory tests/host/interleave.c */
/* A guest's store to its own level-1 table: which faults are one, and what the instruction then
 * does. */
#include <string.h>

#include "check.h"
#include "interleave.h"
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

#define PAE_TOP PTE_PRESENT
#define WINDOW 5 /* entry of the table that maps the table itself */
#define FAULT 3  /* a write to a page that is present, by the kernel */
#define CHOSEN (PTE_FRAME | PTE_PRESENT | PTE_WRITE)

static const uint8_t mov_rax[] = {0x48, 0x89, 0x03};             /* mov %rax, (%rbx) */
static const uint8_t mov_eax[] = {0x89, 0x03};                   /* mov %eax, (%rbx) */
static const uint8_t mov_al[] = {0x88, 0x03};                    /* mov %al, (%rbx) */
static const uint8_t cmpxchg[] = {0xf0, 0x48, 0x0f, 0xb1, 0x0b}; /* lock cmpxchg %rcx, (%rbx) */
static const uint8_t load[] = {0x48, 0x8b, 0x03};                /* mov (%rbx), %rax */

static struct domain *d;
static mfn_t l1, data;
static uint8_t code[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static mfn_t tree_of(mfn_t child, unsigned levels)
{
    while (levels--) {
        mfn_t parent = machine_frame(d);

        table(parent)[0] = pte_make(child, levels ? TABLE : d->is_compat ? PAE_TOP : TABLE);
        if (!levels && d->is_compat)
            table(parent)[3] = pte_make(machine_frame(d), PAE_TOP);
        child = parent;
    }
    return child;
}

/* A domain whose first addresses its table maps: entry 4 a page, WINDOW the table, read-only. */
static void start(bool compat)
{
    machine_reset();
    machine_run(1);
    d = machine_domain(1);
    d->is_compat = compat;
    l1 = machine_frame(d), data = machine_frame(d);
    table(l1)[4] = pte_make(data, DATA);
    table(l1)[WINDOW] = pte_make(l1, READ_ONLY);
    CHECK_EQ(mmu_new_baseptr(tree_of(l1, compat ? 2 : 3)), 0);
    memset(&host_regs, 0, sizeof(host_regs));
    host_regs.cs = compat ? 0xe019 : 0xe033;
}

static uint64_t address_of(unsigned entry)
{
    return WINDOW * PAGE_SIZE + entry * 8;
}

/* The instruction, by which RAX goes to an address: whether it was carried out. */
static bool run_at(uint8_t *place, const uint8_t *insn, size_t size, uint64_t address, uint64_t rax)
{
    bool done;

    memcpy(place, insn, size);
    host_regs.rip = (uint64_t)place;
    host_regs.rbx = address;
    host_regs.rax = rax;
    done = mmu_fixup_fault(current, address, FAULT, &host_regs);
    CHECK_EQ(host_regs.rip, (uint64_t)place + (done ? size : 0));
    memory_oracle();
    return done;
}

static bool store(uint64_t address, uint64_t value)
{
    return run_at(code, mov_rax, sizeof(mov_rax), address, value);
}

static uint64_t entry(unsigned i)
{
    return table(l1)[i] & CHOSEN;
}

static void carried_out(void)
{
    start(false);
    CHECK(store(address_of(6), pte_make(data, READ_ONLY)));
    CHECK_EQ(entry(6), pte_make(data, READ_ONLY));
    host_regs.rcx = pte_make(data, DATA);
    /* Not equal: only the register and the flag change. */
    CHECK(run_at(code, cmpxchg, sizeof(cmpxchg), address_of(6), 0));
    CHECK_EQ(host_regs.rax, table(l1)[6]);
    CHECK_EQ(entry(6), pte_make(data, READ_ONLY));
    CHECK(run_at(code, cmpxchg, sizeof(cmpxchg), address_of(6), table(l1)[6]));
    CHECK_EQ(entry(6), pte_make(data, DATA));
    CHECK(store(address_of(6), 0));
    CHECK_EQ(table(l1)[6], 0);
    /* In a 64-bit guest a store of a half is one like others: right at once, or refused. */
    table(l1)[7] = 0;
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(7), pte_make(data, READ_ONLY)));
    CHECK_EQ(entry(7), pte_make(data, READ_ONLY));
}

/* Whatever is no store of the kernel's to such a table is the guest's own fault. */
static void not_a_store(void)
{
    struct vcpu *v;

    start(false);
    v = current;
    CHECK(!mmu_fixup_fault(v, address_of(6), 2, &host_regs));
    CHECK(!mmu_fixup_fault(v, address_of(6), FAULT | 8, &host_regs));
    CHECK(!mmu_fixup_fault(v, HV_VIRT_START, FAULT, &host_regs));
    CHECK(!mmu_fixup_fault(v, HV_VIRT_END, FAULT, &host_regs));
    v->arch.in_kernel = false;
    CHECK(!store(address_of(6), 0));
    v->arch.in_kernel = true;
    /* A page that is writable, no page, a page of data, RAM that is nobody's, no RAM. */
    CHECK(!store(4 * PAGE_SIZE, 0));
    CHECK(!store(9 * PAGE_SIZE, 0));
    CHECK(!store(UINT64_C(1) << 39, 0));
    CHECK(store(address_of(9), pte_make(data, READ_ONLY)));
    CHECK(!store(9 * PAGE_SIZE, 0));
    CHECK(!run_at(code, load, sizeof(load), address_of(6), 0));
    /* The instruction stores elsewhere than at the fault; across two entries. */
    memcpy(code, mov_rax, sizeof(mov_rax));
    host_regs.rip = (uint64_t)code;
    host_regs.rbx = address_of(6) + PAGE_SIZE;
    CHECK(!mmu_fixup_fault(v, address_of(6), FAULT, &host_regs));
    CHECK(!store(address_of(6) + 4, 0));
    /* What an update refuses. */
    CHECK(!store(address_of(6), pte_make(l1, DATA)));
    CHECK(!store(address_of(6), pte_make(mfn(3), DATA)));
    CHECK_EQ(table(l1)[6], 0);
}

/* Tables of other levels, and a level-1 table that is not the guest's. */
static void other_tables(void)
{
    mfn_t l2, theirs;

    start(false);
    l2 = pte_mfn(table(pte_mfn(table(current->memory.kernel_root)[0]))[0]);
    CHECK(store(address_of(10), pte_make(l2, READ_ONLY)));
    CHECK(!store(10 * PAGE_SIZE, 0));
    theirs = machine_frame(machine_domain(0));
    machine_run(0);
    CHECK_EQ(mmu_pin(machine_domain(0), theirs, FRAME_L1), 0);
    machine_run(1);
    /* As if a grant had mapped it: no call maps a foreign table here. */
    table(l1)[11] = pte_make(theirs, READ_ONLY);
    memcpy(code, mov_rax, sizeof(mov_rax));
    host_regs.rip = (uint64_t)code;
    host_regs.rbx = 11 * PAGE_SIZE;
    CHECK(!mmu_fixup_fault(current, 11 * PAGE_SIZE, FAULT, &host_regs));
    table(l1)[11] = pte_make(mfn(DEVICE_FRAME), READ_ONLY);
    CHECK(!mmu_fixup_fault(current, 11 * PAGE_SIZE, FAULT, &host_regs));
    table(l1)[11] = 0;
}

/* An instruction at the end of a page, with nothing behind that can be read. */
static void page_end(void)
{
    uint8_t *last = code + PAGE_SIZE - sizeof(mov_rax);

    start(false);
    machine_unreadable = code + PAGE_SIZE;
    CHECK(run_at(last, mov_rax, sizeof(mov_rax), address_of(6), pte_make(data, READ_ONLY)));
    memcpy(last + 1, mov_rax, sizeof(mov_rax));
    host_regs.rip = (uint64_t)last + 1;
    host_regs.rbx = address_of(6);
    CHECK(!mmu_fixup_fault(current, address_of(6), FAULT, &host_regs));
    machine_unreadable = code;
    CHECK(!mmu_fixup_fault(current, address_of(6), FAULT, &host_regs));
    host_regs.rip = (uint64_t)code;
    CHECK(!mmu_fixup_fault(current, address_of(6), FAULT, &host_regs));
    machine_unreadable = NULL;
}

/* 32-bit kernels: entries by their halves, in either order, from flat segments only. */
static void halves(void)
{
    uint64_t wanted;

    start(true);
    wanted = pte_make(data, DATA);
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6) + 4, wanted >> 32));
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), wanted));
    CHECK_EQ(entry(6), wanted);
    /* The low half names a frame that is not the guest's: it waits, not present. */
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), 0));
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), pte_make(mfn(3), DATA)));
    CHECK(!(table(l1)[6] & PTE_PRESENT));
    /* A present entry does not become another one by a half that is wrong. */
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), wanted));
    CHECK(!run_at(code, mov_eax, sizeof(mov_eax), address_of(6), pte_make(mfn(3), DATA)));
    CHECK_EQ(entry(6), wanted);
    machine_flat_code = false;
    CHECK(!run_at(code, mov_eax, sizeof(mov_eax), address_of(6), 0));
    machine_flat_code = true;
    /* The hole. */
    CHECK(!mmu_fixup_fault(current, d->compat_hole_start, FAULT, &host_regs));
    CHECK(!mmu_fixup_fault(current, UINT64_C(0xffffffff), FAULT, &host_regs));
    CHECK_EQ(mmu_walk(current->memory.kernel_root, d->compat_hole_start), 0);
}

/* Other sizes of a 32-bit kernel's stores are right at once, or refused. */
static void not_halves(void)
{
    start(true);
    table(l1)[6] = pte_make(mfn(3), DATA & ~PTE_PRESENT);
    CHECK(!run_at(code, mov_al, sizeof(mov_al), address_of(6), DATA));
    CHECK_EQ(table(l1)[6], pte_make(mfn(3), DATA & ~PTE_PRESENT));
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), pte_make(mfn(3), DATA)));
    CHECK(run_at(code, mov_eax, sizeof(mov_eax), address_of(6), pte_make(data, 0)));
    CHECK(run_at(code, mov_al, sizeof(mov_al), address_of(6), DATA));
    CHECK_EQ(entry(6), pte_make(data, DATA));
    CHECK_EQ(refs(data), 3);
    memory_oracle();
}

/* The page that is to be mapped is in the way as a table half done, which takes long to undo: the
 * guest comes back to its store until it is carried out. */
static void page_is_partial(void)
{
    unsigned tries = 0;
    mfn_t wide;

    start(false);
    wide = tree_of(machine_frame(d), 2);
    for (unsigned i = 1; i < 4; i++)
        table(wide)[i] = pte_make(tree_of(machine_frame(d), 1), TABLE);
    machine_preempt_after(3);
    CHECK_EQ(mmu_pin(d, wide, FRAME_L3), -ERESTART);
    CHECK(type_is_partial(frame_of(wide)->type));
    memcpy(code, mov_rax, sizeof(mov_rax));
    host_regs.rip = (uint64_t)code;
    host_regs.rbx = address_of(6);
    host_regs.rax = pte_make(wide, DATA);
    machine_preempt_always(true);
    while (mmu_fixup_fault(current, address_of(6), FAULT, &host_regs) &&
           host_regs.rip == (uint64_t)code) {
        CHECK_EQ(table(l1)[6], 0);
        memory_oracle();
        if (++tries == 20)
            break;
    }
    machine_preempt_always(false);
    CHECK(tries > 0 && tries < 20);
    CHECK_EQ(entry(6), pte_make(wide, DATA));
    CHECK_EQ(frame_of(wide)->type, type_key(FRAME_WRITABLE) | 1);
    memory_oracle();
}

static bool done;

static void prepare(void)
{
    start(false);
    memcpy(code, mov_rax, sizeof(mov_rax));
    CHECK(store(address_of(6), pte_make(data, READ_ONLY)));
}

static void kernel_stores(void)
{
    host_regs.rip = (uint64_t)code;
    host_regs.rbx = address_of(6);
    host_regs.rax = 0;
    done = mmu_fixup_fault(current, address_of(6), FAULT, &host_regs);
}

static void walk_sets_bits(void)
{
    if (table(l1)[6] & PTE_PRESENT)
        __atomic_fetch_or(&table(l1)[6], PTE_ACCESSED | PTE_DIRTY, __ATOMIC_SEQ_CST);
}

static void check_stored(void)
{
    CHECK(done);
    CHECK_EQ(host_regs.rip, (uint64_t)code + sizeof(mov_rax));
    CHECK_EQ(table(l1)[6], 0);
    memory_oracle();
}

/* Another processor stops using the table between the look and the lock. */
static void other_frees_table(void)
{
    if (!spin_held(&d->paging_lock) && type_is_live_table(frame_of(l1)->type))
        frame_of(l1)->type = type_key(FRAME_L1);
}

static void restore_table(void)
{
    frame_of(l1)->type = type_key(FRAME_L1) | 1;
    CHECK(done || table(l1)[6]);
}

static void other_processors(void)
{
    CHECK(interleave(prepare, kernel_stores, walk_sets_bits, check_stored) > 5);
    interleave(prepare, kernel_stores, other_frees_table, restore_table);
}

/* A table of the guest's waits to be taken down: that comes first, and the store is done again. */
static void table_dies_first(void)
{
    struct mmuext_op op;
    mfn_t other;

    start(false);
    other = tree_of(machine_frame(d), 3);
    for (unsigned i = 1; i < 4; i++)
        table(other)[i] = pte_make(tree_of(machine_frame(d), 2), TABLE);
    CHECK_EQ(mmu_pin(d, other, FRAME_L4), 0);
    op = (struct mmuext_op){.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = other.n};
    machine_preempt_always(true);
    do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF);
    CHECK(mfn_is_named(current->memory.dying_table));
    memcpy(code, mov_rax, sizeof(mov_rax));
    host_regs.rip = (uint64_t)code;
    host_regs.rbx = address_of(6);
    CHECK(mmu_fixup_fault(current, address_of(6), FAULT, &host_regs));
    CHECK_EQ(host_regs.rip, (uint64_t)code);
    machine_preempt_always(false);
    CHECK_EQ(table(l1)[6], 0);
    CHECK_EQ(mmu_drain_dying(current), 0);
    CHECK(store(address_of(6), pte_make(data, READ_ONLY)));
}

static void walks(void)
{
    mfn_t root, owned;

    start(false);
    root = current->memory.kernel_root;
    CHECK_EQ(mmu_walk(root, 4 * PAGE_SIZE) & CHOSEN, pte_make(data, DATA));
    CHECK_EQ(mmu_walk(root, 6 * PAGE_SIZE), 0);
    CHECK_EQ(mmu_walk(root, UINT64_C(1) << 30), 0);
    CHECK_EQ(mmu_walk(root, HV_VIRT_START), 0);
    CHECK_EQ(mmu_walk(root, HV_VIRT_END), 0);
    CHECK_EQ(mmu_walk(mfn(DEVICE_FRAME), 0), 0);
    CHECK_EQ(mmu_walk(mfn(3), 0), 0);
    owned = machine_frame(d);
    table(owned)[0] = pte_make(mfn(DEVICE_FRAME), TABLE);
    CHECK_EQ(mmu_walk(owned, 0), 0);
}

int main(void)
{
    carried_out();
    not_a_store();
    other_tables();
    page_end();
    halves();
    not_halves();
    page_is_partial();
    other_processors();
    table_dies_first();
    walks();
    return check_report();
}
