/* ACPI on the machine: where the tables are, and what is assumed where there are none. */
#include "x86/acpi.h"

#include "lib/printk.h"
#include "lib/string.h"
#include "x86/acpi_parse.h"
#include "x86/cpu.h"
#include "x86/power.h"

struct acpi_info acpi;

/* Without tables there is the processor that runs, and that is all that can be known. */
static void assume_one_cpu(void)
{
    acpi.cpu_count = 1;
    acpi.cpus[0].apic_id = cpuid(1, 0).b >> 24;
    acpi.cpus[0].acpi_id = 0;
}

int acpi_init(maddr_t rsdp)
{
    int error;

    /* The loader's copy of the root pointer may be wrong where the firmware's is right. */
    error = acpi_parse(rsdp, &acpi);
    if (error) {
        memset(&acpi, 0, sizeof(acpi));
        error = acpi_parse(acpi_scan_rsdp(), &acpi);
    }
    if (acpi.cpu_count == 0)
        assume_one_cpu();
    power_init();
    if (error) {
        acpi.rsdp = maddr(0);
        return error;
    }
    log_info("acpi: %u processors, %u I/O APICs, PM1a control 0x%x, PM timer 0x%x, HPET 0x%lx",
             acpi.cpu_count, acpi.ioapic_count, acpi.pm1a_control, acpi.pm_timer_port,
             (unsigned long)acpi.hpet.a);
    return 0;
}
