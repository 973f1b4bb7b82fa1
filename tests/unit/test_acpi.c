/* sources: hypervisor/x86/acpi_parse.c */
/* Finding and reading ACPI tables: what a good machine has, and what a damaged one must not do. */
#include "firmware.h"

#include "check.h"
#include "lib/errno.h"
#include "x86/acpi_parse.h"
#include "x86/acpi_tables.h"

#define RSDP_AT 0xf0040u
#define LIST_AT 0x100000u
#define TABLES_AT 0x101000u
#define TABLE_STEP 0x1000u

static struct acpi_info info;
static unsigned table_count;

static void *at(uint32_t address)
{
    return firmware + address;
}

static void sign(uint8_t *bytes, size_t size, uint8_t *checksum)
{
    uint8_t sum = 0;

    *checksum = 0;
    for (size_t i = 0; i < size; i++)
        sum += bytes[i];
    *checksum = -sum;
}

static void sign_table(uint32_t address)
{
    struct acpi_header *h = at(address);

    sign(at(address), h->length, &h->checksum);
}

/* Adds a table of `length` bytes to the list; the caller fills and signs it. */
static uint32_t add_table(const char *signature, uint32_t length)
{
    uint32_t address = TABLES_AT + table_count * TABLE_STEP;
    struct acpi_header *h = at(address);

    memcpy(h->signature, signature, 4);
    h->length = length;
    sign_table(address);
    table_count++;
    return address;
}

static void start(void)
{
    firmware_reset();
    table_count = 0;
}

static void write_rsdp(uint32_t address, bool xsdt)
{
    struct acpi_rsdp *r = at(address);

    memcpy(r->signature, "RSD PTR ", 8);
    r->revision = xsdt ? 2 : 0;
    r->rsdt = xsdt ? 0 : LIST_AT;
    if (xsdt) {
        r->xsdt = LIST_AT;
        r->length = sizeof(*r);
    }
    sign(at(address), ACPI_RSDP_V1_SIZE, &r->checksum);
    if (xsdt)
        sign(at(address), sizeof(*r), &r->extended_checksum);
}

/* The list of all tables added so far, and a root pointer to it. */
static void finish(bool xsdt)
{
    struct acpi_header *h = at(LIST_AT);
    unsigned size = xsdt ? 8 : 4;

    memcpy(h->signature, xsdt ? "XSDT" : "RSDT", 4);
    h->length = sizeof(*h) + table_count * size;
    for (unsigned i = 0; i < table_count; i++) {
        uint64_t address = TABLES_AT + i * TABLE_STEP;

        memcpy((uint8_t *)(h + 1) + i * size, &address, size);
    }
    sign_table(LIST_AT);
    write_rsdp(RSDP_AT, xsdt);
}

static int parse(void)
{
    memset(&info, 0, sizeof(info));
    return acpi_parse(maddr(RSDP_AT), &info);
}

/* Two processors one of which is listed twice, one disabled, two I/O APICs, overrides. */
static const uint8_t madt_entries[] = {
    0, 8,  0,    0,    1, 0,    0,    0,                               /* APIC id 0 */
    0, 8,  1,    1,    1, 0,    0,    0,                               /* APIC id 1 */
    0, 8,  2,    2,    0, 0,    0,    0,                               /* disabled */
    0, 8,  3,    0xff, 1, 0,    0,    0,                               /* no id */
    9, 16, 0,    0,    1, 0,    0,    0,    1,    0, 0, 0, 9, 0, 0, 0, /* APIC id 1 again */
    9, 16, 0,    0,    0, 1,    0,    0,    1,    0, 0, 0, 7, 0, 0, 0, /* APIC id 256, UID 7 */
    1, 12, 5,    0,    0, 0,    0xc0, 0xfe, 0,    0, 0, 0,             /* I/O APIC at 0xfec00000 */
    1, 12, 6,    0,    0, 0x10, 0xc0, 0xfe, 24,   0, 0, 0, /* I/O APIC at 0xfec01000, GSI 24 */
    2, 10, 0,    0,    2, 0,    0,    0,    0,    0,       /* IRQ 0 is GSI 2 */
    2, 10, 0,    9,    9, 0,    0,    0,    0x0f, 0,       /* IRQ 9: level, active low */
    2, 10, 0,    16,   9, 0,    0,    0,    0x0f, 0,       /* no ISA interrupt */
    4, 6,  0xff, 0,    0, 1,                               /* local NMI: skipped */
    5, 12, 0,    0,    0, 0,    0xe0, 0xfe, 1,    0, 0, 0, /* local APIC at 0x1fee00000 */
};

static uint32_t add_madt(void)
{
    uint32_t address = add_table("APIC", sizeof(struct acpi_madt) + sizeof(madt_entries));
    struct acpi_madt *m = at(address);

    m->lapic = 0xfee00000;
    m->flags = MADT_PCAT_COMPAT;
    memcpy(m + 1, madt_entries, sizeof(madt_entries));
    sign_table(address);
    return address;
}

static uint32_t add_fadt(uint32_t length)
{
    uint32_t address = add_table("FACP", length);
    struct acpi_fadt *f = at(address);

    f->pm1a_control = 0x604;
    f->pm1b_control = 0x704;
    f->pm_timer = 0x608;
    f->flags = FADT_TIMER_32BIT | FADT_RESET_SUPPORTED;
    f->reset = (struct acpi_address){.space = ACPI_SPACE_IO, .bits = 8, .address = 0xcf9};
    f->reset_value = 0x0f;
    f->x_pm1a_control = (struct acpi_address){.space = ACPI_SPACE_IO, .address = 0x1604};
    f->x_pm_timer = (struct acpi_address){.space = ACPI_SPACE_MEMORY, .address = 0x1608};
    sign_table(address);
    return address;
}

static void add_others(void)
{
    uint32_t address = add_table("HPET", sizeof(struct acpi_hpet));
    struct acpi_hpet *h = at(address);
    struct mcfg_entry *e;

    h->base.address = 0xfed00000;
    sign_table(address);
    address = add_table("MCFG", sizeof(struct acpi_mcfg) + 2 * sizeof(*e) + 3);
    e = at(address + sizeof(struct acpi_mcfg));
    e[0] = (struct mcfg_entry){.base = 0xb0000000, .segment = 1, .bus_last = 255};
    e[1] = (struct mcfg_entry){.base = 0xe0000000, .bus_first = 3, .bus_last = 2};
    sign_table(address);
    add_table("SSDT", 64);
}

static void check_madt(void)
{
    CHECK_EQ(info.cpu_count, 3);
    CHECK_EQ(info.cpus[1].apic_id, 1);
    CHECK_EQ(info.cpus[1].acpi_id, 1);
    CHECK_EQ(info.cpus[2].apic_id, 256);
    CHECK_EQ(info.cpus[2].acpi_id, 7);
    CHECK_EQ(info.ioapic_count, 2);
    CHECK_EQ(info.ioapics[1].base.a, 0xfec01000);
    CHECK_EQ(info.ioapics[1].gsi_base, 24);
    CHECK_EQ(info.lapic.a, 0x1fee00000);
    CHECK(info.has_8259);
    CHECK(info.isa[0].gsi_valid && info.isa[0].gsi == 2 && !info.isa[0].level);
    CHECK(info.isa[9].gsi_valid && info.isa[9].level && info.isa[9].active_low);
    CHECK(!info.isa[1].gsi_valid);
}

static void test_good_machine(bool xsdt)
{
    start();
    add_madt();
    add_fadt(sizeof(struct acpi_fadt));
    add_others();
    finish(xsdt);
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.rsdp.a, RSDP_AT);
    check_madt();
    CHECK_EQ(info.pm1a_control, 0x1604);
    CHECK_EQ(info.pm1b_control, 0x704);
    CHECK_EQ(info.pm_timer_port, 0x608);
    CHECK(info.pm_timer_32bit);
    CHECK(info.reset.valid && info.reset.is_io);
    CHECK_EQ(info.reset.address, 0xcf9);
    CHECK_EQ(info.reset.value, 0x0f);
    CHECK_EQ(info.hpet.a, 0xfed00000);
    CHECK_EQ(info.mcfg_count, 1);
    CHECK_EQ(info.mcfg[0].segment, 1);
}

/* ACPI 1.0's FADT has neither reset register nor extended fields. */
static void test_old_fadt(void)
{
    start();
    add_fadt(116);
    finish(false);
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.pm1a_control, 0x604);
    CHECK(!info.reset.valid);
}

static void test_scan(void)
{
    start();
    CHECK_EQ(acpi_scan_rsdp().a, 0);
    add_madt();
    finish(false);
    CHECK_EQ(acpi_scan_rsdp().a, RSDP_AT);
    /* The extended BIOS data area comes first. */
    firmware[0x40e] = 0xc0;
    firmware[0x40f] = 0x9f;
    write_rsdp(0x9fc00 + 0x30, false);
    CHECK_EQ(acpi_scan_rsdp().a, 0x9fc30);
    /* Not on 16 bytes: not a root pointer. */
    start();
    write_rsdp(0xe0008, false);
    CHECK_EQ(acpi_scan_rsdp().a, 0);
    start();
    write_rsdp(0xfffe0, false);
    CHECK_EQ(acpi_scan_rsdp().a, 0xfffe0);
}

static void test_damage(void)
{
    uint32_t madt;
    struct acpi_header *list = at(LIST_AT);

    start();
    CHECK_EQ(parse(), -ENODEV);
    CHECK_EQ(acpi_parse(maddr(~UINT64_C(0)), &info), -ENODEV);
    madt = add_madt();
    add_fadt(sizeof(struct acpi_fadt));
    finish(true);

    firmware[madt + 50] ^= 1; /* checksum of one table: the others still count */
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.cpu_count, 0);
    CHECK_EQ(info.pm1a_control, 0x1604);
    firmware[madt + 50] ^= 1;

    firmware[madt + sizeof(struct acpi_madt) + 9] = 0; /* an entry of no length */
    sign_table(madt);
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.cpu_count, 1);
    firmware[madt + sizeof(struct acpi_madt) + 9] = 200; /* one past the end of its table */
    sign_table(madt);
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.cpu_count, 1);

    list->length = 0xffffffff;
    CHECK_EQ(parse(), -ENODEV);
    list->length = 20;
    CHECK_EQ(parse(), -ENODEV);
}

static void test_too_many_cpus(void)
{
    uint32_t length = sizeof(struct acpi_madt) + (MAX_CPUS + 3) * sizeof(struct madt_x2apic);
    uint32_t address;
    struct madt_x2apic *e;

    start();
    address = add_table("APIC", length);
    table_count = 1;
    e = at(address + sizeof(struct acpi_madt));
    for (unsigned i = 0; i < MAX_CPUS + 3; i++, e++) {
        e->entry.type = MADT_X2APIC;
        e->entry.length = sizeof(*e);
        e->apic_id = i * 2;
        e->flags = MADT_CPU_ENABLED;
    }
    sign_table(address);
    finish(false);
    CHECK_EQ(parse(), 0);
    CHECK_EQ(info.cpu_count, MAX_CPUS);
    CHECK_EQ(info.cpus[MAX_CPUS - 1].apic_id, (MAX_CPUS - 1) * 2);
}

int main(void)
{
    test_good_machine(false);
    test_good_machine(true);
    test_old_fadt();
    test_scan();
    test_damage();
    test_too_many_cpus();
    firmware_reset();
    return check_report();
}
