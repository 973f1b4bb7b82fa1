/* What becomes of a port access of the domain that has the hardware. Pure. */
#ifndef X86_PORT_RULES_H
#define X86_PORT_RULES_H

#include "lib/bitmap.h"
#include "lib/types.h"

#define PORT_COUNT 0x10000u

#define PORT_PIT_CHANNEL2 0x42u
#define PORT_PIT_COMMAND 0x43u
#define PORT_SPEAKER 0x61u
#define PORT_CMOS_INDEX 0x70u
#define PORT_CMOS_DATA 0x71u
#define PORT_PCI_ADDRESS 0xcf8u
#define PORT_PCI_DATA 0xcfcu

enum port_access {
    PORT_ACCESS_DENIED, /* reads all ones, writes nothing */
    PORT_ACCESS_DIRECT,
    PORT_ACCESS_PIT_COMMAND, /* channel 2 only */
    PORT_ACCESS_SPEAKER,     /* gate of channel 2 and speaker only */
    PORT_ACCESS_CMOS_INDEX,  /* latched for each domain: Ringfort reads the clock too */
    PORT_ACCESS_CMOS_DATA,
    PORT_ACCESS_PCI_ADDRESS, /* latched likewise */
    PORT_ACCESS_PCI_DATA,
};

/* Marks the ports that Ringfort keeps: interrupt controllers, PIT, serial port, PM timer. `com` and
 * `pm_timer` 0: there is none. */
void port_rules_init(uint64_t denied[BITMAP_WORDS(PORT_COUNT)], uint16_t com, uint16_t pm_timer);

/* `bytes` is 1, 2 or 4. An access that only touches a special port with a part of it is denied. */
enum port_access port_access(const uint64_t *denied, uint16_t port, unsigned bytes);

/* True when a PIT command byte is about channel 2 alone. */
bool pit_command_allowed(uint8_t command);

#endif
