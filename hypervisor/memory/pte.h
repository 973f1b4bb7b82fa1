/*
 * Page-table entries: which bits each level may hold, and which Ringfort adds. Pure. The bits are
 * the processor's (SDM vol. 3, 4.5); the rules for guests are at the functions.
 */
#ifndef MEMORY_PTE_H
#define MEMORY_PTE_H

#include "lib/types.h"

#define PTE_PRESENT (UINT64_C(1) << 0)
#define PTE_WRITE (UINT64_C(1) << 1)
#define PTE_USER (UINT64_C(1) << 2)
#define PTE_PWT (UINT64_C(1) << 3)
#define PTE_PCD (UINT64_C(1) << 4)
#define PTE_ACCESSED (UINT64_C(1) << 5)
#define PTE_DIRTY (UINT64_C(1) << 6)
#define PTE_PAT (UINT64_C(1) << 7)   /* level 1 */
#define PTE_LARGE (UINT64_C(1) << 7) /* other levels: never a guest's */
#define PTE_GLOBAL (UINT64_C(1) << 8)
#define PTE_AVAIL (UINT64_C(7) << 9)
#define PTE_KERNEL (UINT64_C(1) << 52) /* 64-bit leaf: the guest meant "kernel only" */
#define PTE_AVAIL_HIGH (UINT64_C(0x7ff) << 52)
#define PTE_NX (UINT64_C(1) << 63)
/* The bits that choose how a leaf's page is cached; 0 is write-back. */
#define PTE_CACHING (PTE_PWT | PTE_PCD | PTE_PAT)
#define PTE_FRAME UINT64_C(0x000ffffffffff000)

#define TABLE_ENTRIES 512u
#define COMPAT_L3_ENTRIES 4u

/* The frame that an entry names; and an entry of a frame and flag bits. */
static inline mfn_t pte_mfn(uint64_t e)
{
    return mfn((e & PTE_FRAME) >> PAGE_SHIFT);
}

static inline uint64_t pte_make(mfn_t m, uint64_t flags)
{
    return (m.n << PAGE_SHIFT) | flags;
}

/* Most entries of most tables are 0, which asks for nothing and holds nothing: whole-table loops
 * pass over eight at a time. The next index at or above `i` that may be worth a look. */
static inline unsigned pte_skip_empty(const uint64_t *table, unsigned i)
{
    while (i % 8 == 0 && i < TABLE_ENTRIES &&
           !(table[i] | table[i + 1] | table[i + 2] | table[i + 3] | table[i + 4] | table[i + 5] |
             table[i + 6] | table[i + 7]))
        i += 8;
    return i;
}

/* The same downwards: entries from the result up to `i` are 0. */
static inline unsigned pte_skip_empty_below(const uint64_t *table, unsigned i)
{
    while (i % 8 == 0 && i &&
           !(table[i - 1] | table[i - 2] | table[i - 3] | table[i - 4] | table[i - 5] |
             table[i - 6] | table[i - 7] | table[i - 8]))
        i -= 8;
    return i;
}

/* Index of the entry for `va` in a table of `level` (1..4). */
static inline unsigned pte_index(uint64_t va, unsigned level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

/* A present level-1 entry as the processor shall see it. 64-bit guests' kernels run in ring 3, so
 * every entry gets USER; the ones that lacked it are marked KERNEL, the others are GLOBAL when
 * `global` (they survive the switch between the guest's kernel and user tables). The guest's own
 * GLOBAL bit never counts. */
uint64_t pte_complete_leaf(uint64_t e, bool compat, bool global);

/* True when a present entry of `level` 2..4 holds permitted bits only: no large pages, and tables
 * that the processor reads through its caches, as Ringfort does. The third
 * level of a 32-bit guest (`pae_l3`) has the legacy format, which knows neither WRITE, USER nor NX.
 */
bool pte_table_ok(uint64_t e, bool pae_l3);

/* L1TF: a processor that has it reads ahead through entries that are not present, as far as the
 * data is in its first cache. True when the address in such an entry of `level` 1..4 is 0 or, cut
 * to `bits` bits, lies at or beyond `ram_end`, where nothing is cached. Linux keeps its swapped-out
 * entries that way. Above level 1 the bit for a large page counts as if the entry were present:
 * then address 0 would be all of the first 2 MiB or GiB. */
bool pte_absent_is_safe(uint64_t e, unsigned level, unsigned bits, uint64_t ram_end);

/* The entry as the processor shall see it. */
uint64_t pte_complete_table(uint64_t e, bool compat, bool pae_l3);

#endif
