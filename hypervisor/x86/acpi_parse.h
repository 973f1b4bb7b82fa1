/* Reading ACPI tables: nothing in them is believed before its length and checksum are. Pure: bytes
 * come from map_firmware(), which host tests provide over an array. */
#ifndef X86_ACPI_PARSE_H
#define X86_ACPI_PARSE_H

#include "x86/acpi.h"

/* Looks for the root pointer where a BIOS puts it: the first KiB of the extended BIOS data area,
 * then 0xe0000..0xfffff. Returns its address, 0 when there is none. (ACPI 6.4, 5.2.5.1.) */
maddr_t acpi_scan_rsdp(void);

/* Reads the tables that the root pointer at `rsdp` leads to into *info, which must be zeroed. A
 * table that is damaged is left out with a warning. 0, or -ENODEV when the root pointer or the
 * table list behind it is not valid. */
int acpi_parse(maddr_t rsdp, struct acpi_info *info);

#endif
