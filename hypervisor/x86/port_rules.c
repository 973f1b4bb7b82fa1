/* The port map of Domain0: everything but what Ringfort drives itself. */
#include "x86/port_rules.h"

#define COM_PORTS 8u
#define PM_TIMER_PORTS 4u

static void deny(uint64_t *denied, unsigned port, unsigned count)
{
    for (unsigned i = port; i < port + count && i < PORT_COUNT; i++)
        bit_set(denied, i);
}

void port_rules_init(uint64_t denied[BITMAP_WORDS(PORT_COUNT)], uint16_t com, uint16_t pm_timer)
{
    deny(denied, 0x20, 2); /* 8259: an absent one makes Linux use I/O APIC lines only */
    deny(denied, 0xa0, 2);
    deny(denied, 0x4d0, 2); /* their edge and level registers */
    deny(denied, 0x40, 2);  /* PIT channels 0 and 1 */
    /* Single bytes of these have rules of their own; anything wider has none. */
    deny(denied, PORT_PIT_COMMAND, 1);
    deny(denied, PORT_SPEAKER, 1);
    deny(denied, PORT_CMOS_INDEX, 2);
    if (com)
        deny(denied, com, COM_PORTS);
    if (pm_timer)
        deny(denied, pm_timer, PM_TIMER_PORTS);
}

static enum port_access single_byte(uint16_t port)
{
    switch (port) {
    case PORT_PIT_COMMAND:
        return PORT_ACCESS_PIT_COMMAND;
    case PORT_SPEAKER:
        return PORT_ACCESS_SPEAKER;
    case PORT_CMOS_INDEX:
        return PORT_ACCESS_CMOS_INDEX;
    case PORT_CMOS_DATA:
        return PORT_ACCESS_CMOS_DATA;
    default:
        return PORT_ACCESS_DIRECT;
    }
}

/* An access that touches 0xcf8..0xcff: the address register is a double word; narrower accesses
 * reach what chip sets have in its place, such as the reset control at 0xcf9. */
static enum port_access pci_pair(unsigned port, unsigned bytes)
{
    unsigned end = port + bytes;

    if (port >= PORT_PCI_DATA)
        return end <= PORT_PCI_DATA + 4 ? PORT_ACCESS_PCI_DATA : PORT_ACCESS_DENIED;
    if (port < PORT_PCI_ADDRESS || end > PORT_PCI_DATA)
        return PORT_ACCESS_DENIED;
    return bytes == 4 ? PORT_ACCESS_PCI_ADDRESS : PORT_ACCESS_DIRECT;
}

enum port_access port_access(const uint64_t *denied, uint16_t port, unsigned bytes)
{
    enum port_access special = bytes == 1 ? single_byte(port) : PORT_ACCESS_DIRECT;
    unsigned end = port + bytes;

    if (special != PORT_ACCESS_DIRECT)
        return special;
    if (end > PORT_COUNT)
        return PORT_ACCESS_DENIED;
    for (unsigned i = port; i < end; i++)
        if (bit_test(denied, i))
            return PORT_ACCESS_DENIED;
    if (end > PORT_PCI_ADDRESS && port < PORT_PCI_DATA + 4)
        return pci_pair(port, bytes);
    return PORT_ACCESS_DIRECT;
}

bool pit_command_allowed(uint8_t command)
{
    unsigned channel = command >> 6;

    /* 3 is "read back", whose bits 1 to 3 select channels. */
    return channel == 2 || (channel == 3 && (command & 0x0e) == 0x08);
}
