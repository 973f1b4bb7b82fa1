/* sources: hypervisor/memory/pte.c */
/* property: no accepted or completed page-table entry has a forbidden bit, for every 64-bit value. */
#include "memory/pte.h"
#include "proof.h"

#define NEVER_IN_TABLE (PTE_LARGE | PTE_GLOBAL | PTE_PWT | PTE_PCD)

static void leaves(void)
{
    uint64_t e = any_u64();
    bool compat = any_bool(), global = any_bool();
    uint64_t done = pte_complete_leaf(e, compat, global);
    const uint64_t decided = PTE_USER | PTE_GLOBAL | PTE_KERNEL;

    PROVE(!((done ^ e) & ~decided), "Ringfort decides about these bits only");
    PROVE(pte_complete_leaf(done, compat, global) == done, "an entry read back stays as it is");
    PROVE(!(done & PTE_GLOBAL) || (!compat && global), "global only where a switch keeps it");
    PROVE(!(done & PTE_GLOBAL) || (e & PTE_USER), "no kernel page is global");
    PROVE(compat || (done & PTE_USER), "ring 3 reaches what a 64-bit guest maps");
    PROVE(compat || (e & PTE_USER) || (done & PTE_KERNEL), "the kernel's pages are marked");
    PROVE(!compat || !(done & PTE_USER) == !(e & PTE_USER), "ring 1 and 3 stay apart");
}

static void tables(void)
{
    uint64_t e = any_u64();
    bool compat = any_bool(), pae_l3 = compat && any_bool();
    uint64_t done = pte_complete_table(e, compat, pae_l3);

    ASSUME(pte_table_ok(e, pae_l3));
    PROVE(!(e & NEVER_IN_TABLE), "no large page, no global, no table read past the caches");
    PROVE(!pae_l3 || !(e & (PTE_NX | PTE_AVAIL_HIGH)), "a legacy entry has no high bits");
    PROVE(pte_table_ok(done, pae_l3), "an entry read back is accepted again");
    PROVE(pte_complete_table(done, compat, pae_l3) == done, "and stays as it is");
    PROVE(pte_mfn(done).n == pte_mfn(e).n, "it names the same frame");
    PROVE((done & PTE_PRESENT) == (e & PTE_PRESENT), "and is as present");
}

/* The place in the machine that an absent entry makes a processor with L1TF look at is no RAM. */
static void absent(void)
{
    uint64_t e = any_u64(), ram_end = any_u64();
    unsigned bits = any_unsigned(), compared = any_unsigned(), level = any_unsigned();

    ASSUME(bits >= 32 && bits <= 44 && compared >= bits && compared <= 52);
    ASSUME(ram_end <= UINT64_C(1) << bits && level >= 1 && level <= 4);
    if (pte_absent_is_safe(e, level, bits, ram_end)) {
        uint64_t looked_at = e & PTE_FRAME & ((UINT64_C(1) << compared) - 1);

        PROVE(!(looked_at & ((UINT64_C(1) << bits) - 1)) || looked_at >= ram_end,
              "an accepted absent entry names no cached frame but 0");
        PROVE(level == 1 || !(e & PTE_LARGE), "and no more than a frame");
    }
}

static void places(void)
{
    uint64_t va = any_u64();

    for (unsigned level = 1; level <= 4; level++)
        PROVE(pte_index(va, level) < TABLE_ENTRIES, "an index is within its table");
    PROVE(pte_index(va, 4) == (va >> 39) % TABLE_ENTRIES, "and of the right level");
}

int main(void)
{
    leaves();
    tables();
    absent();
    places();
}
