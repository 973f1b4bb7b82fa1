/* PCI configuration cycles. The address port is one for the machine, so each pair of accesses is
 * made under a lock. */
#include "x86/pci.h"

#include "lib/errno.h"
#include "lib/spinlock.h"
#include "memory/hypmap.h"
#include "x86/acpi.h"
#include "x86/cpu.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES 0x10
#define PCI_BAR0 0x10
#define PCI_CAPABILITIES 0x34

#define BUS_WINDOW_SIZE 0x100000UL

static spinlock_t lock = SPINLOCK_INIT(LOCK_IRQ);
/* Mapped on first use; only segments beyond the first. */
static volatile uint8_t *windows[ACPI_MAX_MCFG][256];

static uint32_t data_in(unsigned offset, unsigned bytes)
{
    if (bytes == 1)
        return inb(CONFIG_DATA + offset);
    return bytes == 2 ? inw(CONFIG_DATA + offset) : inl(CONFIG_DATA + offset);
}

static void data_out(unsigned offset, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        outb(CONFIG_DATA + offset, value);
    else if (bytes == 2)
        outw(CONFIG_DATA + offset, value);
    else
        outl(CONFIG_DATA + offset, value);
}

uint32_t pci_port_in(uint32_t latch, uint16_t port, unsigned bytes)
{
    unsigned long flags;
    uint32_t value;

    if (!(latch & CONFIG_ENABLE))
        return ~0u >> (32 - 8 * bytes);
    flags = spin_lock_irqsave(&lock);
    outl(CONFIG_ADDRESS, latch);
    value = data_in(port & 3, bytes);
    spin_unlock_irqrestore(&lock, flags);
    return value;
}

void pci_port_out(uint32_t latch, uint16_t port, unsigned bytes, uint32_t value)
{
    unsigned long flags;

    if (!(latch & CONFIG_ENABLE))
        return;
    flags = spin_lock_irqsave(&lock);
    outl(CONFIG_ADDRESS, latch);
    data_out(port & 3, bytes, value);
    spin_unlock_irqrestore(&lock, flags);
}

static int find_window(uint32_t sbdf)
{
    uint8_t bus = sbdf >> 8;

    for (unsigned i = 0; i < acpi.mcfg_count; i++)
        if (acpi.mcfg[i].segment == sbdf >> 16 && bus >= acpi.mcfg[i].bus_first &&
            bus <= acpi.mcfg[i].bus_last)
            return i;
    return -1;
}

/* Where a function's register is in memory, NULL when its bus has not been mapped. */
static volatile void *mmcfg(uint32_t sbdf, unsigned reg)
{
    int window = find_window(sbdf);
    volatile uint8_t *bus = window < 0 ? NULL : READ_ONCE(windows[window][sbdf >> 8 & 0xff]);

    return bus ? bus + ((sbdf & 0xff) << 12) + reg : NULL;
}

static uint32_t latch_for(uint32_t sbdf, unsigned reg)
{
    return CONFIG_ENABLE | sbdf << 8 | (reg & 0xfc);
}

uint32_t pci_read(uint32_t sbdf, unsigned reg, unsigned bytes)
{
    volatile void *at;

    if (sbdf >> 16 == 0)
        return pci_port_in(latch_for(sbdf, reg), CONFIG_DATA + (reg & 3), bytes);
    at = mmcfg(sbdf, reg);
    if (!at)
        return ~0u >> (32 - 8 * bytes);
    if (bytes == 1)
        return *(volatile uint8_t *)at;
    return bytes == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

void pci_write(uint32_t sbdf, unsigned reg, unsigned bytes, uint32_t value)
{
    volatile void *at;

    if (sbdf >> 16 == 0) {
        pci_port_out(latch_for(sbdf, reg), CONFIG_DATA + (reg & 3), bytes, value);
        return;
    }
    at = mmcfg(sbdf, reg);
    if (!at)
        return;
    if (bytes == 1)
        *(volatile uint8_t *)at = value;
    else if (bytes == 2)
        *(volatile uint16_t *)at = value;
    else
        *(volatile uint32_t *)at = value;
}

int pci_reach(uint32_t sbdf)
{
    int window = find_window(sbdf);
    uint8_t bus = sbdf >> 8;

    if (sbdf >> 16 && window < 0)
        return -ENODEV;
    /* Two CPUs may both map it: one mapping is then unused, which is harmless. */
    if (sbdf >> 16 && !windows[window][bus])
        WRITE_ONCE(
            windows[window][bus],
            map_device(maddr(acpi.mcfg[window].base.a + bus * BUS_WINDOW_SIZE), BUS_WINDOW_SIZE));
    return pci_read(sbdf, PCI_VENDOR, 2) == 0xffff ? -ENODEV : 0;
}

unsigned pci_capability(uint32_t sbdf, uint8_t id)
{
    unsigned at;

    if (!(pci_read(sbdf, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
        return 0;
    at = pci_read(sbdf, PCI_CAPABILITIES, 1) & 0xfc;
    /* No more than fit: a list may run in a circle. */
    for (unsigned i = 0; i < 48 && at >= 0x40; i++) {
        uint16_t header = pci_read(sbdf, at, 2);

        if ((header & 0xff) == id)
            return at;
        at = header >> 8 & 0xfc;
    }
    return 0;
}

maddr_t pci_memory_bar(uint32_t sbdf, unsigned index)
{
    uint32_t low;
    uint64_t high = 0;

    if (index > 5)
        return maddr(0);
    low = pci_read(sbdf, PCI_BAR0 + 4 * index, 4);
    if (low == ~0u || low & 1)
        return maddr(0);
    if ((low & 6) == 4 && index < 5)
        high = pci_read(sbdf, PCI_BAR0 + 4 * index + 4, 4);
    return maddr(high << 32 | (low & ~15u));
}
