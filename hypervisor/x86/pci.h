/* PCI configuration space (PCI Local Bus 3.0; mechanism #1, and MMCFG where that cannot reach). */
#ifndef X86_PCI_H
#define X86_PCI_H

#include "lib/types.h"

/* A function's name: segment << 16 | bus << 8 | device << 3 | function. */
static inline uint32_t pci_sbdf(uint16_t segment, uint8_t bus, uint8_t devfn)
{
    return (uint32_t)segment << 16 | (uint32_t)bus << 8 | devfn;
}

#define PCI_VENDOR 0x00
#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x2
#define PCI_CAP_MSI 0x05
#define PCI_CAP_MSIX 0x11

/* One aligned access of 1, 2 or 4 bytes below 256. All ones where nothing answers. Any context;
 * segments other than 0 need pci_reach() before. */
uint32_t pci_read(uint32_t sbdf, unsigned reg, unsigned bytes);
void pci_write(uint32_t sbdf, unsigned reg, unsigned bytes, uint32_t value);

/* Makes a function's bus accessible (maps its MMCFG window if need be) and sees whether the
 * function is there: 0 or -ENODEV. May allocate. */
int pci_reach(uint32_t sbdf);
/* Offset of a capability, 0 when the function has none such. */
unsigned pci_capability(uint32_t sbdf, uint8_t id);
/* Memory base in base address register 0..5; 0 when it is for ports or not set. */
maddr_t pci_memory_bar(uint32_t sbdf, unsigned index);

/* A guest's data cycle at 0xcfc..0xcff with its own address latch; `port` + `bytes` stay in range.
 */
uint32_t pci_port_in(uint32_t latch, uint16_t port, unsigned bytes);
void pci_port_out(uint32_t latch, uint16_t port, unsigned bytes, uint32_t value);

#endif
