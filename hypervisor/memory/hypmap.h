/* Ringfort's own page tables: the slots that every root carries, the per-CPU areas, devices. */
#ifndef MEMORY_HYPMAP_H
#define MEMORY_HYPMAP_H

#include "lib/types.h"

/* How roots are loaded; chosen at boot by processor and option (design: three modes). */
enum root_mode {
    ROOT_GLOBAL,                 /* no isolation: guest user mappings global */
    ROOT_ISOLATED_PCID,          /* isolation, kernel and user tables in separate PCIDs */
    ROOT_ISOLATED,               /* isolation without PCID */
};

extern enum root_mode root_mode;

/* The L4 with Ringfort's slots only: idle CPUs run on it; L4 validation copies slots from it. */
extern uint64_t *hv_root;

/* Boot: builds the final tables from the memory map (direct map, frame table, M2P, image with
 * W^X permissions) and switches to them. */
void hypmap_init(void);

/* Maps machine memory that is not RAM, uncached; returns an address for ever. NULL: no room. */
volatile void *map_device(maddr_t base, size_t bytes);
/* The same, write-back and read-only (firmware tables). */
const void *map_firmware(maddr_t base, size_t bytes);

/* Allocates and maps the per-CPU area of `cpu` (GDT window, stub, TSS, stacks). 0 or -ENOMEM. */
int hypmap_add_cpu(unsigned cpu);
/* Address of offset `off` (CPU_AREA_*) in the area of `cpu`. */
static inline void *cpu_area(unsigned cpu, unsigned long off);

/* Points one page of this CPU's GDT or LDT window (index 0..31 from CPU_AREA_GDT) at a frame,
 * INVALID_MFN for none; flushes the page. */
void hypmap_set_window(unsigned index, mfn_t m);

/* Writes Ringfort's slots (256..271) into a new root. */
void hypmap_fill_root(uint64_t *l4);

/* Makes the base pointers of `current` effective, on return to the guest, for its present mode
 * (kernel or user root): loads CR3 or prepares guest_cr3/hv_cr3. Interrupts off. */
void root_load_current(void);

#include "lib/config.h"

static inline void *cpu_area(unsigned cpu, unsigned long off)
{
    return (void *)(CPU_AREA_BASE + cpu * CPU_AREA_SIZE + off);
}

#endif
