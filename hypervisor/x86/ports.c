/* Port I/O on a guest's behalf. Guests run without I/O privilege and without a bitmap in the TSS,
 * so every IN and OUT comes here. */
#include "x86/irq.h"

#include "boot/boot.h"
#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/errno.h"
#include "lib/spinlock.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/pci.h"
#include "x86/port_rules.h"

#define COM1_DEFAULT 0x3f8

struct domain_ports {
    uint64_t denied[BITMAP_WORDS(PORT_COUNT)];
    uint32_t pci_address;
    uint8_t cmos_index;
};

static spinlock_t cmos_lock = SPINLOCK_INIT(LOCK_IRQ);

int ports_init_domain(struct domain *d)
{
    if (!d->is_hardware)
        return 0;
    d->ports = zalloc(sizeof(*d->ports));
    if (!d->ports)
        return -ENOMEM;
    port_rules_init(d->ports->denied, options.com1_base ? options.com1_base : COM1_DEFAULT,
                    acpi.pm_timer_port);
    return 0;
}

void ports_free_domain(struct domain *d)
{
    zfree(d->ports);
    d->ports = NULL;
}

static uint32_t all_ones(unsigned bytes)
{
    return ~0u >> (32 - 8 * bytes);
}

static uint32_t direct_in(uint16_t port, unsigned bytes)
{
    if (bytes == 1)
        return inb(port);
    return bytes == 2 ? inw(port) : inl(port);
}

static void direct_out(uint16_t port, unsigned bytes, uint32_t value)
{
    if (bytes == 1)
        outb(port, value);
    else if (bytes == 2)
        outw(port, value);
    else
        outl(port, value);
}

/* Index and data in one go; bit 7 of the index would mask NMIs and stays clear. */
static uint8_t cmos_read(uint8_t index)
{
    unsigned long flags = spin_lock_irqsave(&cmos_lock);
    uint8_t value;

    outb(PORT_CMOS_INDEX, index & 0x7f);
    value = inb(PORT_CMOS_DATA);
    spin_unlock_irqrestore(&cmos_lock, flags);
    return value;
}

static void cmos_write(uint8_t index, uint8_t value)
{
    unsigned long flags = spin_lock_irqsave(&cmos_lock);

    outb(PORT_CMOS_INDEX, index & 0x7f);
    outb(PORT_CMOS_DATA, value);
    spin_unlock_irqrestore(&cmos_lock, flags);
}

uint32_t guest_port_in(struct domain *d, uint16_t port, unsigned bytes)
{
    struct domain_ports *p = d->ports;

    /* Linux waits for this counter to change sign before it believes that there is no PIT: all ones
     * cost it 100,000 reads, zero costs four. */
    if (!p)
        return port == PORT_PIT_CHANNEL2 ? 0 : all_ones(bytes);
    switch (port_access(p->denied, port, bytes)) {
    case PORT_ACCESS_DIRECT:
    case PORT_ACCESS_SPEAKER:
        return direct_in(port, bytes);
    case PORT_ACCESS_CMOS_INDEX:
        return p->cmos_index;
    case PORT_ACCESS_CMOS_DATA:
        return cmos_read(p->cmos_index);
    case PORT_ACCESS_PCI_ADDRESS:
        return p->pci_address;
    case PORT_ACCESS_PCI_DATA:
        return pci_port_in(p->pci_address, port, bytes);
    default:
        return all_ones(bytes);
    }
}

void guest_port_out(struct domain *d, uint16_t port, unsigned bytes, uint32_t value)
{
    struct domain_ports *p = d->ports;

    if (!p)
        return;
    switch (port_access(p->denied, port, bytes)) {
    case PORT_ACCESS_DIRECT:
        direct_out(port, bytes, value);
        return;
    case PORT_ACCESS_PIT_COMMAND:
        if (pit_command_allowed(value))
            outb(PORT_PIT_COMMAND, value);
        return;
    case PORT_ACCESS_SPEAKER:
        outb(PORT_SPEAKER, (inb(PORT_SPEAKER) & ~3) | (value & 3));
        return;
    case PORT_ACCESS_CMOS_INDEX:
        p->cmos_index = value;
        return;
    case PORT_ACCESS_CMOS_DATA:
        cmos_write(p->cmos_index, value);
        return;
    case PORT_ACCESS_PCI_ADDRESS:
        p->pci_address = value;
        return;
    case PORT_ACCESS_PCI_DATA:
        pci_port_out(p->pci_address, port, bytes, value);
        return;
    default:
        return;
    }
}
