/*
 * A new domain's first page tables. They are written as plain memory and then validated and pinned
 * like any guest's: what the kernel later does to them meets exact reference counts.
 */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/mapping.h"
#include "memory/mmu.h"

#define ENTRY_PRESENT UINT64_C(0x01)
#define ENTRY_WRITE UINT64_C(0x02)
#define ENTRY_USER UINT64_C(0x04)
#define ENTRY_ACCESSED UINT64_C(0x20)
#define ENTRY_DIRTY UINT64_C(0x40)
#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY)

#define TABLE_BITS 9
#define TABLE_ENTRIES (1U << TABLE_BITS)
#define TOP_LEVEL(b) ((b)->image.is64 ? 4u : 3u)
#define LAST_GIB 3 /* entry of a 32-bit root */

/* Pages for the tables that are missing on the way to an address. */
struct table_pages {
    uint64_t next, end;
};

static uint64_t *table_at(const struct dom0_build *b, uint64_t page)
{
    return mfn_to_virt(dom0_mfn(b, page));
}

/* The table that `entry`, of a table of `level`, names; made when there is none. */
static uint64_t *next_table(const struct dom0_build *b, struct table_pages *free, uint64_t *entry,
                            unsigned level)
{
    /* The root of a 32-bit domain has the legacy format. */
    uint64_t bits = level == 3 && !b->image.is64 ? ENTRY_PRESENT : ENTRY_TABLE;

    if (!*entry) {
        if (free->next == free->end)
            panic("%s: too few page tables", b->name);
        *entry = mfn_maddr(dom0_mfn(b, free->next++)).a | bits;
    }
    return maddr_to_virt(maddr(*entry & ~(PAGE_SIZE - 1)));
}

/* Writes the entry for `va`; `bits` are those of the leaf. */
static void map_page(const struct dom0_build *b, struct table_pages *free, uint64_t va,
                     uint64_t page, uint64_t bits)
{
    uint64_t *table = table_at(b, b->layout.tables.first);

    for (unsigned level = TOP_LEVEL(b); level > 1; level--) {
        unsigned shift = PAGE_SHIFT + (level - 1) * TABLE_BITS;

        table = next_table(b, free, &table[(va >> shift) % TABLE_ENTRIES], level);
    }
    table[(va >> PAGE_SHIFT) % TABLE_ENTRIES] = mfn_maddr(dom0_mfn(b, page)).a | bits;
}

static void map_image(const struct dom0_build *b)
{
    const struct pfn_range *tables = &b->layout.tables;
    struct table_pages free = {tables->first + 1, tables->first + tables->count};

    for (uint64_t page = 0; page < b->layout.mapped_pages; page++) {
        /* Ring 1 is a supervisor. */
        uint64_t bits = b->image.is64 ? ENTRY_TABLE : ENTRY_TABLE & ~ENTRY_USER;

        /* A page table may not be writable anywhere. */
        if (page >= tables->first && page < tables->first + tables->count)
            bits &= ~ENTRY_WRITE;
        map_page(b, &free, layout_va(&b->layout, page), page, bits);
    }
    if (!b->image.is64)
        next_table(b, &free, &table_at(b, tables->first)[LAST_GIB], 3);
}

static void map_list(const struct dom0_build *b)
{
    const struct dom0_layout *l = &b->layout;
    struct table_pages free = {l->p2m_tables.first, l->p2m_tables.first + l->p2m_tables.count};

    if (!l->p2m_tables.count)
        return;
    for (uint64_t i = 0; i < l->p2m.count; i++)
        map_page(b, &free, l->p2m_va + (i << PAGE_SHIFT), l->p2m.first + i, ENTRY_TABLE);
}

void dom0_tables_build(struct dom0_build *b)
{
    int rc;

    map_image(b);
    map_list(b);
    do
        rc =
            mmu_pin(b->d, dom0_mfn(b, b->layout.tables.first), b->image.is64 ? FRAME_L4 : FRAME_L3);
    while (rc == -ERESTART);
    if (rc)
        panic("%s: its first page tables are not valid (%d)", b->name, rc);
}
