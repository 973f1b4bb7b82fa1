/* Message-signalled interrupts: a device's own memory write, whose address and data Ringfort sets.
 */
#ifndef X86_MSI_H
#define X86_MSI_H

#include "lib/types.h"

struct msix_table;

/* One message of one function. */
struct msi {
    uint32_t sbdf; /* see x86/pci.h */
    bool is_msix;
    uint16_t entry;            /* MSI-X: index in the table */
    uint8_t capability;        /* MSI: offset in configuration space */
    bool is_wide, is_maskable; /* MSI: 64-bit address, has a mask register */
    struct msix_table *table;  /* MSI-X; msi_put() ends its use */
};

/* Finds what is needed to program a function's message: MSI, or MSI-X entry `entry`. `bar_hint` is
 * the base of the table's memory, used when the function's own register does not say (virtual
 * functions). Fills *msi and changes nothing in the device; msi_put() ends its use. 0; -ENODEV: no
 * such function or capability; -EINVAL: no such entry; -ENXIO: its memory is off or not a device's;
 * -ENOMEM. */
int msi_find(uint32_t sbdf, struct msi *msi);
int msix_find(uint32_t sbdf, unsigned entry, maddr_t bar_hint, struct msi *msi);
void msi_put(struct msi *msi);

/* Writes destination, vector and mask to the device. Any context. */
void msi_program(const struct msi *msi, uint32_t apic_id, uint8_t vector, bool masked);
/* Masks or unmasks, where the device can; where not, an unbound interrupt is dropped on arrival. */
void msi_mask(const struct msi *msi, bool masked);
/* True when both are the same message of the same function. */
bool msi_same(const struct msi *a, const struct msi *b);

/* Keeps a function's MSI-X table from being mapped writable (prepare), or ends that (release). 0;
 * -ENODEV, -ENXIO, -ENOMEM as msix_find. */
int msix_protect(uint32_t sbdf, bool protect);
/* True for a page of an MSI-X table in use. Any context. */
bool msix_table_page(mfn_t m);

#endif
