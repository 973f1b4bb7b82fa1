/* Page tables on the machine: what entries are made of, and the calls that change them. After each
 * call the oracle counts everything anew. */
#ifndef TESTS_HOST_PAGE_TABLES_H
#define TESTS_HOST_PAGE_TABLES_H

#include "machine.h"
#include "memory/pte.h"

/* Bits of entries that name a table, a page to write to, and one to read. */
#define TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define DATA (PTE_PRESENT | PTE_WRITE)
#define READ_ONLY PTE_PRESENT

/* The address that the entries of these indexes lead to. */
#define VA(l4, l3, l2, l1)                                                                         \
    ((uint64_t)(l4) << 39 | (uint64_t)(l3) << 30 | (uint64_t)(l2) << 21 | (uint64_t)(l1) << 12)

/* The frame's content. */
uint64_t *table(mfn_t m);
/* All references to it. */
uint32_t refs(mfn_t m);

/* One entry by mmu_update: of the vCPU that runs, or with the domains and the command named. */
long update(mfn_t m, unsigned index, uint64_t value);
long update_as(unsigned foreign, mfn_t m, unsigned index, uint64_t value, unsigned command);

/* One extended operation; `arg1` is the frame or the address, `arg2` the second frame, number of
 * entries or address. */
long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2);

#endif
