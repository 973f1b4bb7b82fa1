/* The few ACPI facts Ringfort needs (MADT, FADT, HPET, MCFG). Table parsing is pure. */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include "lib/bitmap.h"
#include "lib/types.h"

#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_MCFG 8
#define ISA_IRQS 16

struct acpi_info {
    maddr_t rsdp;
    maddr_t lapic;
    bool has_8259;
    unsigned cpu_count;
    struct {
        uint32_t apic_id, acpi_id;
    } cpus[MAX_CPUS]; /* enabled ones; [0] need not be the boot CPU */
    unsigned ioapic_count;
    struct {
        uint32_t id, gsi_base;
        maddr_t base;
    } ioapics[ACPI_MAX_IOAPICS];
    struct {
        uint8_t gsi_valid;
        uint32_t gsi;
        bool active_low, level;
    } isa[ISA_IRQS]; /* overrides; identity, edge, active-high by default */
    uint16_t pm1a_control, pm1b_control, pm_timer_port;
    bool pm_timer_32bit;
    struct {
        bool valid, is_io;
        uint64_t address;
        uint8_t value;
    } reset;
    maddr_t hpet; /* 0: none */
    unsigned mcfg_count;
    struct {
        maddr_t base; /* of bus 0, even when bus_first is another */
        uint16_t segment;
        uint8_t bus_first, bus_last;
    } mcfg[ACPI_MAX_MCFG];
};

extern struct acpi_info acpi;

/* Finds and parses the tables. `rsdp` 0: scan the BIOS area. -ENODEV when there are none: then one
 * CPU is known, the one that runs, and no I/O APIC. */
int acpi_init(maddr_t rsdp);
/* S5 or reset by the FADT registers; sleep values come from Domain0 (PM1 control, SLP_EN set). May
 * return: when there is no such register, or the machine takes its time. */
void acpi_enter_sleep(uint32_t pm1a_value, uint32_t pm1b_value);
/* Reset: ACPI register, then 0xcf9, then the keyboard controller, then triple fault. */
void machine_reset(void) __attribute__((noreturn));
/* Stops all CPUs for good. */
void machine_halt(void) __attribute__((noreturn));
/* Power-off when the sleep value is known (Domain0 told it), else halt. */
void machine_poweroff(void) __attribute__((noreturn));

#endif
