/* Building Ringfort's page tables, entry by entry; used by the hypmap files only. */
#ifndef MEMORY_HYPMAP_TABLE_H
#define MEMORY_HYPMAP_TABLE_H

#include "lib/types.h"

/* Bits of a leaf (SDM volume 3, table 4-20). All of Ringfort's leaves have A and D set, so that the
 * processor never writes to its tables. */
#define HV_P UINT64_C(0x001)
#define HV_W UINT64_C(0x002)
#define HV_U UINT64_C(0x004)
#define HV_AD UINT64_C(0x060)
#define HV_PS UINT64_C(0x080)
#define HV_G UINT64_C(0x100)
#define HV_UNCACHED UINT64_C(0x018) /* PAT entry 3 */
#define HV_NX (UINT64_C(1) << 63)

#define HV_RX (HV_P | HV_AD | HV_G)
#define HV_RO (HV_RX | HV_NX)
#define HV_RW (HV_RO | HV_W)
#define HV_DEVICE (HV_RW | HV_UNCACHED)
#define HV_GUEST_RO (HV_RO | HV_U)

#define HV_ADDRESS UINT64_C(0x000ffffffffff000)

#define LARGE_PAGE (UINT64_C(1) << 21)
#define HUGE_PAGE (UINT64_C(1) << 30)
#define FRAMES_PER_LARGE_PAGE (LARGE_PAGE >> PAGE_SHIFT)

/* A zeroed page for a table: from the boot memory below 4 GiB, later from the allocator. NULL when
 * there is none. */
uint64_t *hv_table_alloc(void);

/* The entry of level `level` (1 to 4) that maps `va` in the tables under `root`, with the tables
 * above it made. NULL without memory. A larger page in the way is a bug. */
uint64_t *hv_entry(uint64_t *root, uint64_t va, unsigned level);

/* Maps [va, va + size) to machine memory from `ma` on, with the largest pages that fit. All are
 * multiples of PAGE_SIZE. False without memory. No flush: for addresses never mapped before. */
bool hv_map(uint64_t *root, uint64_t va, maddr_t ma, uint64_t size, uint64_t flags);

/* The table that an interior entry refers to. */
uint64_t *hv_table_of(uint64_t entry);

#endif
