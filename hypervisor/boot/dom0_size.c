/* How much memory Domain0 gets. Pure. */
#include "boot/dom0_layout.h"

#define MIB_PAGES(n) ((uint64_t)(n) << (20 - PAGE_SHIFT))

/* Drivers turn their bounce buffers (64 MiB) into contiguous memory when they start; some blocks
 * more, since what they give back is not contiguous. */
#define LOW_RESERVE MIB_PAGES(64 + 16)
/* Ringfort's own structures grow with the machine. */
#define OWN_RESERVE_MAX MIB_PAGES(128)
#define OWN_RESERVE_SHARE 16
/* What stays free even when the command line asks for everything. */
#define LEAST_RESERVE_MAX MIB_PAGES(64)
#define LEAST_RESERVE_SHARE 32

uint64_t dom0_low_reserve(uint64_t free_pages)
{
    return MIN(LOW_RESERVE, free_pages / 4);
}

uint64_t dom0_pages(const struct dom0_size *size, uint64_t free_pages)
{
    uint64_t reserve = MIN(free_pages / OWN_RESERVE_SHARE, OWN_RESERVE_MAX);
    uint64_t least = MIN(free_pages / LEAST_RESERVE_SHARE, LEAST_RESERVE_MAX);
    uint64_t most = free_pages - least - dom0_low_reserve(free_pages);
    uint64_t pages;

    if (size->wanted)
        pages = size->wanted >> PAGE_SHIFT;
    else
        pages = free_pages - reserve - dom0_low_reserve(free_pages);
    if (size->min && pages < size->min >> PAGE_SHIFT)
        pages = size->min >> PAGE_SHIFT;
    if (size->max && pages > size->max >> PAGE_SHIFT)
        pages = size->max >> PAGE_SHIFT;
    return MIN(pages, most);
}
