/* Where the parts of Domain0's first address space lie. Pure: numbers in, numbers out. */
#ifndef BOOT_DOM0_LAYOUT_H
#define BOOT_DOM0_LAYOUT_H

#include "boot/pv_image.h"
#include "lib/types.h"

/* A run of pages in the domain's pseudo-physical space. */
struct pfn_range {
    uint64_t first, count;
};

/* What decides the layout. */
struct dom0_needs {
    const struct pv_image *image;
    uint64_t nr_pages;         /* of the domain */
    uint64_t initrd_bytes;     /* 0: none */
    uint64_t start_info_bytes; /* start_info and what is put right behind it */
    uint64_t hole_start;       /* 32-bit: where Ringfort's addresses begin */
};

struct dom0_layout {
    uint64_t virt_base;          /* virtual address of PFN 0 */
    uint64_t mapped_pages;       /* PFNs [0, mapped_pages) are mapped from virt_base on */
    struct pfn_range initrd;     /* count 0: none */
    bool initrd_mapped;          /* lies below mapped_pages */
    struct pfn_range p2m;        /* the list of MFNs */
    struct pfn_range p2m_tables; /* tables that map the list, when it has addresses of its own */
    uint64_t p2m_va;
    struct pfn_range start_info;
    struct pfn_range tables; /* tables of the mapping from virt_base; the first is the root */
    struct pfn_range stack;
    uint64_t pages_needed; /* the least nr_pages that holds all of this */
};

enum layout_result {
    LAYOUT_OK,
    LAYOUT_TOO_SMALL,    /* the domain has fewer pages than pages_needed */
    LAYOUT_NO_ADDRESSES, /* the mapping would wrap or run into the hypervisor's addresses */
    LAYOUT_P2M_OVERLAP,  /* INIT_P2M shares an L4 slot with the mapping from virt_base */
};

/* A sentence part for messages; never NULL. */
const char *layout_message(enum layout_result result);

/* Fills *out for the kernel's width. pages_needed is set for LAYOUT_TOO_SMALL as well. */
enum layout_result dom0_layout(const struct dom0_needs *needs, struct dom0_layout *out);

/* Tables of one level (1: L1 .. 3: L3) that map [start, end), which is not empty. */
uint64_t tables_for(uint64_t start, uint64_t end, unsigned level);

/* What the command line says about Domain0's size, in bytes; 0: nothing. */
struct dom0_size {
    uint64_t wanted, min, max;
};

/* Pages for Domain0 when `free_pages` are free: what was asked for, or all but a reserve for
 * Ringfort, its other domains and the contiguous low memory that device drivers exchange for. */
uint64_t dom0_pages(const struct dom0_size *size, uint64_t free_pages);

/* Pages of the reserve that have to be low and contiguous. */
uint64_t dom0_low_reserve(uint64_t free_pages);

/* Address of a page of the mapping from virt_base. */
static inline uint64_t layout_va(const struct dom0_layout *l, uint64_t page)
{
    return l->virt_base + (page << PAGE_SHIFT);
}

#endif
