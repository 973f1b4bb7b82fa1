#include "boot/boot_memory.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/hypmap_table.h"
#include "memory/mapping.h"
#include "x86/cpu.h"

#define CPUID_1D_HUGE_PAGES (1u << 26) /* leaf 0x80000001 */

/* Interior entries carry every permission: the leaf decides. */
#define HV_TABLE (HV_P | HV_W | HV_U | HV_AD)

uint64_t *hv_table_alloc(void)
{
    if (boot_memory_released())
        return page_alloc(0);

    uint64_t *table = mfn_to_virt(boot_memory_take(1, 1, EARLY_FRAMES_END));
    clear_page(table);
    return table;
}

uint64_t *hv_table_of(uint64_t entry)
{
    return maddr_to_virt(maddr(entry & HV_ADDRESS));
}

uint64_t *hv_entry(uint64_t *root, uint64_t va, unsigned level)
{
    uint64_t *table = root;

    for (unsigned l = 4;; l--) {
        uint64_t *entry = &table[(va >> (PAGE_SHIFT + 9 * (l - 1))) & 511];
        if (l == level)
            return entry;
        if (!(*entry & HV_P)) {
            uint64_t *below = hv_table_alloc();
            if (below == NULL)
                return NULL;
            *entry = mfn_maddr(virt_to_mfn(below)).a | HV_TABLE;
        }
        if (*entry & HV_PS && l < 4)
            panic("hypmap: %#lx is mapped by a larger page", va);
        table = hv_table_of(*entry);
    }
}

static bool has_huge_pages(void)
{
    return cpuid(0x80000001, 0).d & CPUID_1D_HUGE_PAGES;
}

/* The level whose page fits at these addresses. */
static unsigned level_for(uint64_t va, uint64_t ma, uint64_t size, bool huge)
{
    if (huge && size >= HUGE_PAGE && ((va | ma) & (HUGE_PAGE - 1)) == 0)
        return 3;
    if (size >= LARGE_PAGE && ((va | ma) & (LARGE_PAGE - 1)) == 0)
        return 2;
    return 1;
}

bool hv_map(uint64_t *root, uint64_t va, maddr_t ma, uint64_t size, uint64_t flags)
{
    bool huge = has_huge_pages();

    while (size > 0) {
        unsigned level = level_for(va, ma.a, size, huge);
        uint64_t step = PAGE_SIZE << (9 * (level - 1));
        uint64_t *entry = hv_entry(root, va, level);

        if (entry == NULL)
            return false;
        *entry = ma.a | flags | (level > 1 ? HV_PS : 0);
        va += step;
        ma.a += step;
        size -= step;
    }
    return true;
}
