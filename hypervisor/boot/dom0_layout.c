/*
 * The order that PV kernels expect (measured on Linux): image, initial RAM disk if it must be
 * mapped, list of MFNs if it has no place of its own, start_info, page tables, stack, and then free
 * mapped space. What need not be mapped follows in PFNs nobody has an address for yet.
 */
#include "boot/dom0_layout.h"

#include "lib/config.h"

/* Free mapped pages that a kernel may count on behind its stack, and what the end is rounded to. */
#define SLACK_BYTES (512UL << 10)
#define END_ALIGN (4UL << 20)

#define TABLE_BITS 9
/* 32-bit domains: the level-2 table for the last GiB must be there, as the hole is in it. */
#define LAST_GIB 0xc0000000UL
#define PAGES(bytes) (((bytes) + PAGE_SIZE - 1) >> PAGE_SHIFT)

const char *layout_message(enum layout_result result)
{
    switch (result) {
    case LAYOUT_OK:
        return "fits";
    case LAYOUT_TOO_SMALL:
        return "does not fit into the domain's memory";
    case LAYOUT_NO_ADDRESSES:
        return "does not fit into the addresses above its virtual base";
    case LAYOUT_P2M_OVERLAP:
        return "wants its list of frames among the addresses of its image";
    }
    return "has an unknown problem";
}

uint64_t tables_for(uint64_t start, uint64_t end, unsigned level)
{
    unsigned shift = PAGE_SHIFT + level * TABLE_BITS;

    return ((end - 1) >> shift) - (start >> shift) + 1;
}

/* Tables of all levels below L4 for [start, end). */
static uint64_t tables_below_l4(uint64_t start, uint64_t end)
{
    return tables_for(start, end, 1) + tables_for(start, end, 2) + tables_for(start, end, 3);
}

/* Tables for the mapping of [start, end), with the root. */
static uint64_t tables_for_image(const struct pv_image *image, uint64_t start, uint64_t end)
{
    if (image->is64)
        return 1 + tables_below_l4(start, end);
    return 1 + tables_for(start, end, 1) + tables_for(start, end, 2) + (end <= LAST_GIB);
}

/* True when a mapping of [start, end) stays out of the hypervisor's addresses. */
static bool addresses_free(const struct dom0_needs *needs, uint64_t start, uint64_t end)
{
    /* The last byte of the address space stays free, so that ends can be compared. */
    if (end <= start)
        return false;
    if (!needs->image->is64)
        return end <= needs->hole_start;
    return start >= HV_VIRT_END || end <= HV_VIRT_START;
}

/* Gives the next pages to a part. */
static struct pfn_range take(uint64_t *next, uint64_t count)
{
    struct pfn_range range = {*next, count};

    *next += count;
    return range;
}

/* An entry of the list of MFNs. */
static uint64_t entry_bytes(const struct pv_image *image)
{
    return image->is64 ? sizeof(uint64_t) : sizeof(uint32_t);
}

/* 32-bit kernels have no addresses to spare for a list apart. */
static bool has_own_place(const struct pv_image *image)
{
    return image->is64 && image->has_init_p2m;
}

/* The mapped parts with room for `tables` page tables; returns the end in bytes from virt_base. */
static uint64_t place_mapped(const struct dom0_needs *needs, uint64_t tables, struct dom0_layout *l)
{
    uint64_t next = PAGES(needs->image->end - l->virt_base);

    if (l->initrd_mapped)
        l->initrd = take(&next, PAGES(needs->initrd_bytes));
    if (!has_own_place(needs->image))
        l->p2m = take(&next, PAGES(needs->nr_pages * entry_bytes(needs->image)));
    l->start_info = take(&next, PAGES(needs->start_info_bytes));
    l->tables = take(&next, tables);
    l->stack = take(&next, 1);
    return ROUND_UP((next << PAGE_SHIFT) + SLACK_BYTES, END_ALIGN);
}

/* Places the mapped parts; the tables needed depend on the end, which depends on the tables. */
static bool place_tables(const struct dom0_needs *needs, struct dom0_layout *l)
{
    uint64_t bytes, end, tables = 1, enough = 4;

    while (tables != enough) {
        tables = enough;
        bytes = place_mapped(needs, tables, l);
        end = l->virt_base + bytes;
        if (bytes >> 48 || !addresses_free(needs, l->virt_base, end))
            return false;
        enough = MAX(tables, tables_for_image(needs->image, l->virt_base, end));
    }
    l->mapped_pages = bytes >> PAGE_SHIFT;
    return true;
}

/* The list of MFNs at addresses of its own. It gets an L3 of its own, so the L4 slots must differ.
 */
static enum layout_result place_p2m(const struct dom0_needs *needs, uint64_t *next,
                                    struct dom0_layout *l)
{
    uint64_t bytes = needs->nr_pages * sizeof(uint64_t);
    uint64_t start = needs->image->init_p2m, end = start + PAGES(bytes) * PAGE_SIZE;
    uint64_t mapped_end = l->virt_base + (l->mapped_pages << PAGE_SHIFT);
    const unsigned shift = PAGE_SHIFT + 3 * TABLE_BITS;

    if (end <= start || (start < HV_VIRT_END && end > HV_VIRT_START))
        return LAYOUT_NO_ADDRESSES;
    if ((end - 1) >> shift >= l->virt_base >> shift && start >> shift <= (mapped_end - 1) >> shift)
        return LAYOUT_P2M_OVERLAP;
    l->p2m_va = start;
    l->p2m = take(next, PAGES(bytes));
    l->p2m_tables = take(next, tables_below_l4(start, end));
    return LAYOUT_OK;
}

enum layout_result dom0_layout(const struct dom0_needs *needs, struct dom0_layout *out)
{
    enum layout_result result;
    uint64_t next;

    *out = (struct dom0_layout){
        .virt_base = needs->image->virt_base,
        .initrd_mapped = needs->initrd_bytes != 0 && !needs->image->mod_start_pfn,
    };
    if (needs->nr_pages >> 40 || needs->initrd_bytes >> 48)
        return LAYOUT_NO_ADDRESSES;
    if (!place_tables(needs, out))
        return LAYOUT_NO_ADDRESSES;
    next = out->mapped_pages;
    if (has_own_place(needs->image)) {
        result = place_p2m(needs, &next, out);
        if (result != LAYOUT_OK)
            return result;
    } else {
        out->p2m_va = layout_va(out, out->p2m.first);
    }
    if (needs->initrd_bytes && !out->initrd_mapped)
        out->initrd = take(&next, PAGES(needs->initrd_bytes));
    out->pages_needed = next;
    return needs->nr_pages < next ? LAYOUT_TOO_SMALL : LAYOUT_OK;
}
