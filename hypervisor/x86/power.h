/* Start of x86/power; what others call is in x86/acpi.h. */
#ifndef X86_POWER_H
#define X86_POWER_H

/* Boot, after the ACPI tables: maps a reset register that lies in memory, so that a reset in a
 * panic needs no allocation. */
void power_init(void);

#endif
