/* ACPI table layouts (ACPI 6.4, chapter 5; MCFG: PCI Firmware 3.3; HPET: IA-PC HPET 1.0a). Only the
 * fields that are read have names. */
#ifndef X86_ACPI_TABLES_H
#define X86_ACPI_TABLES_H

#include "lib/types.h"

#define PACKED __attribute__((packed))

struct acpi_rsdp {
    char signature[8]; /* "RSD PTR " */
    uint8_t checksum;  /* over the first 20 bytes */
    char oem[6];
    uint8_t revision; /* 0: the fields below rsdt are not there */
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
} PACKED;

#define ACPI_RSDP_V1_SIZE 20

struct acpi_header {
    char signature[4];
    uint32_t length; /* of the whole table */
    uint8_t revision;
    uint8_t checksum;
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision, creator, creator_revision;
} PACKED;

/* Generic address. */
struct acpi_address {
    uint8_t space;
    uint8_t bits, bit_offset, access;
    uint64_t address;
} PACKED;

enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
};

struct acpi_madt {
    struct acpi_header header;
    uint32_t lapic;
    uint32_t flags;
} PACKED;

#define MADT_PCAT_COMPAT 1u

enum madt_type {
    MADT_LAPIC = 0,
    MADT_IOAPIC = 1,
    MADT_ISA_OVERRIDE = 2,
    MADT_LAPIC_ADDRESS = 5,
    MADT_X2APIC = 9,
};

#define MADT_CPU_ENABLED 1u

struct madt_entry {
    uint8_t type, length;
} PACKED;

struct madt_lapic {
    struct madt_entry entry;
    uint8_t acpi_id, apic_id;
    uint32_t flags;
} PACKED;

struct madt_ioapic {
    struct madt_entry entry;
    uint8_t id, reserved;
    uint32_t address, gsi_base;
} PACKED;

struct madt_isa_override {
    struct madt_entry entry;
    uint8_t bus, irq;
    uint32_t gsi;
    uint16_t flags; /* bits 0-1 polarity (3: low), 2-3 trigger (3: level) */
} PACKED;

struct madt_lapic_address {
    struct madt_entry entry;
    uint16_t reserved;
    uint64_t address;
} PACKED;

struct madt_x2apic {
    struct madt_entry entry;
    uint16_t reserved;
    uint32_t apic_id, flags, acpi_id;
} PACKED;

struct acpi_fadt {
    struct acpi_header header;
    uint8_t unused36[28];
    uint32_t pm1a_control, pm1b_control, pm2_control, pm_timer;
    uint8_t unused80[32];
    uint32_t flags;
    struct acpi_address reset;
    uint8_t reset_value;
    uint8_t unused129[43];
    struct acpi_address x_pm1a_control, x_pm1b_control, x_pm2_control, x_pm_timer;
} PACKED;

_Static_assert(offsetof(struct acpi_fadt, pm1a_control) == 64, "FADT layout");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "FADT layout");
_Static_assert(offsetof(struct acpi_fadt, x_pm1a_control) == 172, "FADT layout");
_Static_assert(offsetof(struct acpi_fadt, x_pm_timer) == 208, "FADT layout");

#define FADT_TIMER_32BIT (1u << 8)
#define FADT_RESET_SUPPORTED (1u << 10)

struct acpi_hpet {
    struct acpi_header header;
    uint32_t id;
    struct acpi_address base;
} PACKED;

struct acpi_mcfg {
    struct acpi_header header;
    uint64_t reserved;
} PACKED;

struct mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t bus_first, bus_last;
    uint32_t reserved;
} PACKED;

#endif
