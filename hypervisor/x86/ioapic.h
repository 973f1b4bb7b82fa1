/* I/O APICs: lines (GSIs) to vectors. */
#ifndef X86_IOAPIC_H
#define X86_IOAPIC_H

#include "lib/types.h"

/* Maps all I/O APICs that ACPI lists and masks their lines. Boot. */
void ioapic_init(void);

/* One more than the highest GSI, at least 16; 16 without any I/O APIC. */
unsigned ioapic_gsi_count(void);
/* True when some I/O APIC has the line. */
bool ioapic_has_gsi(unsigned gsi);

struct ioapic_route {
    uint8_t vector; /* 0: leave the line masked */
    uint32_t apic_id;
    bool level, active_low, masked;
};

/* Sets where and how a line is delivered; the line must exist. A change of an unmasked line loses
 * no level interrupt; an edge in that instant may be lost. Any context. */
void ioapic_set_route(unsigned gsi, const struct ioapic_route *route);
/* Masks or unmasks a line with a route. Any context. */
void ioapic_mask(unsigned gsi, bool masked);

/* What a guest reads in the register `reg` of the I/O APIC whose page is `base`: identity and
 * version are true, routes appear masked. 0, or -EINVAL when there is none at that address. */
int ioapic_guest_read(maddr_t base, uint32_t reg, uint32_t *value);

#endif
