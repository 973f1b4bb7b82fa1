/* The rules for single page-table entries. */
#include "memory/pte.h"

/* What the processor or nobody looks at in an entry that names a table. */
#define TABLE_BITS                                                                                 \
    (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL | PTE_AVAIL_HIGH |  \
     PTE_NX | PTE_FRAME)

/* The four legacy entries are real entries of a four-level walk here, and the guest reads them
 * back: what Ringfort itself added must be accepted again. */
#define PAE_L3_BITS                                                                                \
    (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL | PTE_FRAME)

uint64_t pte_complete_leaf(uint64_t e, bool compat, bool global)
{
    e &= ~PTE_GLOBAL;
    if (compat)
        return e & ~PTE_KERNEL;
    if (!(e & PTE_USER))
        return e | PTE_USER | PTE_KERNEL;
    /* An entry read back and written again keeps its mark. */
    if (!(e & PTE_KERNEL) && global)
        e |= PTE_GLOBAL;
    return e;
}

bool pte_table_ok(uint64_t e, bool pae_l3)
{
    return !(e & ~(pae_l3 ? PAE_L3_BITS : TABLE_BITS));
}

uint64_t pte_complete_table(uint64_t e, bool compat, bool pae_l3)
{
    if (pae_l3)
        return e | PTE_WRITE | PTE_USER | PTE_ACCESSED;
    return compat ? e : e | PTE_USER;
}

bool pte_absent_is_safe(uint64_t e, unsigned level, unsigned bits, uint64_t ram_end)
{
    uint64_t address = e & PTE_FRAME & ((UINT64_C(1) << bits) - 1);

    if (level > 1 && (e & PTE_LARGE))
        return false;
    return !address || address >= ram_end;
}
