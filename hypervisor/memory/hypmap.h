/* Ringfort's own page tables: the slots that every root carries, the per-CPU areas, devices. */
#ifndef MEMORY_HYPMAP_H
#define MEMORY_HYPMAP_H

#include "lib/config.h"
#include "lib/types.h"

/* How roots are loaded; chosen at boot by processor and option (design: three modes). */
enum root_mode {
    ROOT_GLOBAL,        /* no isolation: guest user mappings global */
    ROOT_ISOLATED_PCID, /* isolation, kernel and user tables in separate PCIDs */
    ROOT_ISOLATED,      /* isolation without PCID */
};

extern enum root_mode root_mode;

/* The L4 with Ringfort's slots only: idle CPUs run on it; L4 validation copies slots from it. */
extern uint64_t *hv_root;

/* The image, from the linker script. What lies between boot_start and boot_end goes back to the
 * allocator before the first domain runs. */
extern char image_start[], image_end[];

/* Machine address of something in the image. */
maddr_t image_maddr(const void *address);

/* Boot: builds the final tables from the memory map (direct map, frame table, M2P, image with
 * W^X permissions) and switches to them. */
void hypmap_init(void);
/* Sets this CPU's CR4 as the root mode and the options ask, and loads hv_root. Each CPU. */
void hypmap_init_cpu(void);
/* Gives the pages that only the boot needed to the allocator and unmaps them, then goes on with
 * `next`, which does not return: the caller is in those pages. */
void hypmap_drop_boot_image(void (*next)(void)) __attribute__((noreturn));

/* First frame of the 2 MiB piece of the M2P that describes frames from index << 18 on (1 GiB of
 * memory each), for XENMEM_machphys_mfn_list; INVALID_MFN past the end. */
mfn_t hypmap_m2p_extent(unsigned index);

/* Maps machine memory that is not RAM, uncached; returns an address for ever. NULL: no room. */
volatile void *map_device(maddr_t base, size_t bytes);
/* The same, write-back and read-only (firmware tables). */
const void *map_firmware(maddr_t base, size_t bytes);

/* Allocates and maps the per-CPU area of `cpu` (GDT window, stub, TSS, stacks). 0 or -ENOMEM. */
int hypmap_add_cpu(unsigned cpu);
/* Address of offset `off` (CPU_AREA_*) in the area of `cpu`. */
static inline void *cpu_area(unsigned cpu, unsigned long off)
{
    return (void *)(CPU_AREA_BASE + cpu * CPU_AREA_SIZE + off);
}
/* The same byte in the direct map, writable: the way to fill the stub page, which is mapped to be
 * executed and read only. The page must have been mapped by hypmap_add_cpu. */
void *cpu_area_writable(unsigned cpu, unsigned long off);

/* Points one page of this CPU's GDT or LDT window (index 0..31 from CPU_AREA_GDT) at a frame,
 * INVALID_MFN for none; flushes the page. */
void hypmap_set_window(unsigned index, mfn_t m);

/* Writes Ringfort's slots (256..271) into a new root. */
void hypmap_fill_root(uint64_t *l4);

/* Writes the hole of a 32-bit guest, entries `first` to 511 of the level-2 table for its last GiB:
 * the machine-to-physical array with 4-byte entries, read-only. */
void hypmap_fill_compat_l2(uint64_t *l2, unsigned first);
/* How much of that array a 32-bit domain sees, in bytes from its compat_hole_start on. */
struct domain;
uint32_t hypmap_compat_m2p_bytes(const struct domain *d);

/* Makes the base pointers of `current` effective for its present mode (kernel or user root): loads
 * CR3, and under isolation prepares guest_cr3, which the exit path loads last. Interrupts off. */
void root_load_current(void);
/* The same where `current` is known not to be a 32-bit guest's, which has one root for both modes.
 */
void root_load_wide(void);

#endif
