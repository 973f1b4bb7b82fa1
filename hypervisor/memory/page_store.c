/*
 * Stores of a guest kernel to its level-1 tables. The table is mapped read-only, the store faults,
 * and Ringfort carries it out as an update of that entry, with the checks and the flags and
 * registers of the instruction. Only level 1: everything else goes to the guest as the page fault
 * it is.
 */
#include "domain/domain.h"
#include "lib/errno.h"
#include "lib/assert.h"
#include "memory/descriptor_tables.h"
#include "memory/entry_update.h"
#include "memory/frame_lookup.h"
#include "memory/guest_copy.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "x86/context.h"
#include "x86/decode_insn.h"
#include "x86/desc.h"

#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_RESERVED 8u
#define PF_FETCH 16u

/* The level-1 table in which `va` lies, mapped read-only; INVALID_MFN for any other place. Without
 * the paging lock this is a guess. */
static mfn_t stored_table(const struct vcpu *v, uint64_t va)
{
    const uint64_t *slot = leaf_slot(v->domain, v->memory.kernel_root, va);
    uint64_t e = slot ? READ_ONCE(*slot) : 0, word;

    if ((e & (PTE_PRESENT | PTE_WRITE)) != PTE_PRESENT || !mfn_valid(pte_mfn(e)))
        return INVALID_MFN;
    word = READ_ONCE(frame_of(pte_mfn(e))->type);
    if (!type_is_live_table(word) || key_type(word) != FRAME_L1)
        return INVALID_MFN;
    return pte_mfn(e);
}

static uint64_t *table_entry(mfn_t table, uint64_t address)
{
    return (uint64_t *)mfn_to_virt(table) + (address & ~PAGE_MASK) / sizeof(uint64_t);
}

/* The instruction's bytes: as many as its page has when the next page cannot be read. */
static unsigned fetch_instruction(uint64_t rip, uint8_t *insn)
{
    unsigned in_page = PAGE_SIZE - (rip & ~PAGE_MASK);

    if (copy_from_guest(insn, rip, INSN_MAX))
        return INSN_MAX;
    if (in_page < INSN_MAX && copy_from_guest(insn, rip, in_page))
        return in_page;
    return 0;
}

/* A 32-bit guest writes an entry in two halves. Written in the wrong order, the low half being
 * present before the high one is right, the entry waits as not present. */
static int store_half_entry(struct domain *d, uint64_t *slot, uint64_t old, uint64_t new)
{
    int rc = leaf_replace(d, slot, old, new);

    if (rc == -EINVAL && !(old & PTE_PRESENT))
        rc = leaf_replace(d, slot, old, new & ~PTE_PRESENT);
    return rc;
}

/* Carries the store out on the entry at `slot`; paging lock held. Changes `regs` on success only.
 */
static int store_perform(struct domain *d, const struct decoded_store *s, uint64_t *slot,
                         struct cpu_user_regs *regs)
{
    unsigned shift = (s->address % sizeof(uint64_t)) * 8;
    uint64_t mask = (s->size == 8 ? UINT64_MAX : (UINT64_C(1) << s->size * 8) - 1) << shift;
    uint64_t *reg = decode_gpr(regs, s->reg);
    const uint64_t rip = regs->rip, rflags = regs->rflags, rax = regs->rax, rdx = regs->rdx;
    const uint64_t reg_before = *reg;
    int rc;

    for (;;) {
        uint64_t old = READ_ONCE(*slot), value;

        if (!store_apply(s, (old & mask) >> shift, &value, regs))
            return 0;
        value = (old & ~mask) | (value << shift & mask);
        if (d->is_compat && s->size == sizeof(uint32_t))
            rc = store_half_entry(d, slot, old, value);
        else
            rc = leaf_replace(d, slot, old, value);
        if (!rc)
            return 0;
        *reg = reg_before;
        regs->rip = rip;
        regs->rflags = rflags;
        regs->rax = rax;
        regs->rdx = rdx;
        if (rc != -EAGAIN)
            return rc;
    }
}

static bool page_store(struct vcpu *v, uint64_t va, struct cpu_user_regs *regs)
{
    struct domain *d = v->domain;
    struct decoded_store s;
    uint8_t insn[INSN_MAX];
    mfn_t table = stored_table(v, va);
    unsigned bytes;
    int rc = -EINVAL;

    /* Cheap and unlocked first: most write faults are the guest's own copy-on-write. */
    if (mfn_eq(table, INVALID_MFN))
        return false;
    if (d->is_compat && !desc_is_flat_code32(regs->cs))
        return false;
    bytes = fetch_instruction(regs->rip, insn);
    if (!bytes || decode_store(insn, bytes, regs, !d->is_compat, &s))
        return false;
    if ((s.address ^ va) & PAGE_MASK || s.address % sizeof(uint64_t) + s.size > sizeof(uint64_t))
        return false;
    /* A table that waits to be taken down comes first; the guest then does its store again. */
    if (mmu_drain_dying(v))
        return true;

    /* What counts under the lock is what the frame is, as for updates by machine address: whether
     * it is still mapped there is between the guest's processors. */
    spin_lock(&d->paging_lock);
    if (key_type(type_key_of_table(frame_of(table), d)) == FRAME_L1)
        rc = store_perform(d, &s, table_entry(table, s.address), regs);
    spin_unlock(&d->paging_lock);
    return !rc || rc == -ERESTART;
}

bool mmu_fixup_fault(struct vcpu *v, uint64_t va, uint32_t error_code, struct cpu_user_regs *regs)
{
    uint32_t kind = error_code & (PF_PRESENT | PF_WRITE | PF_RESERVED | PF_FETCH);

    if (va >= HV_VIRT_START && va < HV_VIRT_END)
        return ldt_fault(v, va);
    if (kind != (PF_PRESENT | PF_WRITE) || !guest_in_kernel(v, regs))
        return false;
    return page_store(v, va, regs);
}
