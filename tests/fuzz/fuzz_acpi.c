/* sources: hypervisor/x86/acpi_parse.c */
/* Any bytes as firmware memory. Checksums would stop nearly every input at the door, so a first
 * pass makes them right wherever the input has a root pointer, a list and tables at fixed places.
 */
#include "../unit/firmware.h"

#include "x86/acpi_parse.h"
#include "x86/acpi_tables.h"

#define RSDP_AT 0xe0000u
#define LIST_AT 0x100000u
#define TABLES_AT 0x101000u
#define TABLES 4u
#define TABLE_STEP 0x800u

static void make_sum_zero(uint8_t *bytes, size_t size, uint8_t *checksum)
{
    uint8_t sum = 0;

    *checksum = 0;
    for (size_t i = 0; i < size; i++)
        sum += bytes[i];
    *checksum = -sum;
}

static void fix_table(uint32_t address)
{
    struct acpi_header *h = (void *)(firmware + address);

    if (h->length < FIRMWARE_SIZE - address)
        make_sum_zero(firmware + address, h->length, &h->checksum);
}

static void place_root(bool xsdt)
{
    struct acpi_rsdp *r = (void *)(firmware + RSDP_AT);
    struct acpi_header *list = (void *)(firmware + LIST_AT);

    memcpy(r->signature, "RSD PTR ", 8);
    r->revision = xsdt ? 2 : 0;
    r->rsdt = r->xsdt = LIST_AT;
    r->length = sizeof(*r);
    make_sum_zero((uint8_t *)r, ACPI_RSDP_V1_SIZE, &r->checksum);
    make_sum_zero((uint8_t *)r, sizeof(*r), &r->extended_checksum);
    memcpy(list->signature, xsdt ? "XSDT" : "RSDT", 4);
    list->length = sizeof(*list) + TABLES * (xsdt ? 8 : 4);
    for (unsigned i = 0; i < TABLES; i++) {
        uint64_t table = TABLES_AT + i * TABLE_STEP;

        memcpy((uint8_t *)(list + 1) + i * (xsdt ? 8 : 4), &table, xsdt ? 8 : 4);
    }
    fix_table(LIST_AT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char signatures[TABLES][5] = {"APIC", "FACP", "HPET", "MCFG"};
    struct acpi_info info = {0};

    firmware_reset();
    if (size < 2)
        return 0;
    if (data[0] & 1) {
        /* Raw: the input lies where the scan looks. */
        memcpy(firmware + RSDP_AT, data + 1, MIN(size - 1, 0x20000u));
        acpi_parse(acpi_scan_rsdp(), &info);
        return 0;
    }
    memcpy(firmware + TABLES_AT, data + 1, MIN(size - 1, TABLES * TABLE_STEP));
    for (unsigned i = 0; i < TABLES; i++) {
        memcpy(firmware + TABLES_AT + i * TABLE_STEP, signatures[(i + data[0]) % TABLES], 4);
        fix_table(TABLES_AT + i * TABLE_STEP);
    }
    place_root(data[0] & 2);
    if (acpi_parse(acpi_scan_rsdp(), &info) == 0 &&
        (info.cpu_count > MAX_CPUS || info.ioapic_count > ACPI_MAX_IOAPICS ||
         info.mcfg_count > ACPI_MAX_MCFG))
        abort();
    return 0;
}
