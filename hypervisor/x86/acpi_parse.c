/* ACPI tables to struct acpi_info. Every access is inside a table whose length has been checked. */
#include "x86/acpi_parse.h"

#include "lib/errno.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/hypmap.h"
#include "x86/acpi_tables.h"

/* No table that is read here is near this long; a damaged length must not map the whole machine. */
#define TABLE_MAX_SIZE 0x100000u
#define ADDRESS_LIMIT (UINT64_C(1) << 52)

/* `size` bytes of firmware memory at any alignment, or NULL. */
static const void *firmware_at(uint64_t address, size_t size)
{
    uint64_t offset = address & (PAGE_SIZE - 1);
    const uint8_t *page;

    if (address == 0 || address >= ADDRESS_LIMIT - size)
        return NULL;
    page = map_firmware(maddr(address - offset), offset + size);
    return page ? page + offset : NULL;
}

static bool checksum_ok(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint8_t sum = 0;

    while (size--)
        sum += *p++;
    return sum == 0;
}

static bool rsdp_ok(const struct acpi_rsdp *r, size_t size)
{
    if (size < ACPI_RSDP_V1_SIZE || memcmp(r->signature, "RSD PTR ", 8) != 0)
        return false;
    return checksum_ok(r, ACPI_RSDP_V1_SIZE);
}

static maddr_t scan_range(uint64_t start, size_t size)
{
    const uint8_t *bytes = firmware_at(start, size);

    for (size_t at = 0; bytes && at + ACPI_RSDP_V1_SIZE <= size; at += 16)
        if (rsdp_ok((const void *)(bytes + at), size - at))
            return maddr(start + at);
    return maddr(0);
}

maddr_t acpi_scan_rsdp(void)
{
    const uint8_t *ebda_segment = firmware_at(0x40e, 2);
    maddr_t found = maddr(0);

    if (ebda_segment) {
        uint64_t ebda = (uint64_t)(ebda_segment[0] | ebda_segment[1] << 8) << 4;

        /* Outside of this the word is not a BIOS's. */
        if (ebda >= 0x400 && ebda < 0xa0000)
            found = scan_range(ebda, 0x400);
    }
    return found.a ? found : scan_range(0xe0000, 0x20000);
}

/* A whole table with a valid checksum, of at least `min` bytes, or NULL. */
static const struct acpi_header *table_at(uint64_t address, size_t min)
{
    const struct acpi_header *h = firmware_at(address, sizeof(*h));
    uint32_t length;

    if (!h)
        return NULL;
    length = h->length;
    if (length < min || length > TABLE_MAX_SIZE)
        return NULL;
    h = firmware_at(address, length);
    return h && checksum_ok(h, length) ? h : NULL;
}

static void add_cpu(struct acpi_info *info, uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
    if (!(flags & MADT_CPU_ENABLED))
        return;
    /* Firmware may list a processor both ways. */
    for (unsigned i = 0; i < info->cpu_count; i++)
        if (info->cpus[i].apic_id == apic_id)
            return;
    if (info->cpu_count == MAX_CPUS) {
        log_warn("acpi: processor with APIC id %u is one too many", apic_id);
        return;
    }
    info->cpus[info->cpu_count].apic_id = apic_id;
    info->cpus[info->cpu_count++].acpi_id = acpi_id;
}

static void add_ioapic(struct acpi_info *info, const struct madt_ioapic *e)
{
    if (e->address == 0 || info->ioapic_count == ACPI_MAX_IOAPICS) {
        log_warn("acpi: I/O APIC %u left out", e->id);
        return;
    }
    info->ioapics[info->ioapic_count].id = e->id;
    info->ioapics[info->ioapic_count].gsi_base = e->gsi_base;
    info->ioapics[info->ioapic_count++].base = maddr(e->address);
}

static void add_override(struct acpi_info *info, const struct madt_isa_override *e)
{
    if (e->bus != 0 || e->irq >= ISA_IRQS)
        return;
    info->isa[e->irq].gsi_valid = 1;
    info->isa[e->irq].gsi = e->gsi;
    info->isa[e->irq].active_low = (e->flags & 3) == 3;
    info->isa[e->irq].level = (e->flags >> 2 & 3) == 3;
}

/* One MADT entry, `e->length` bytes of which are there; false when it is too short for its type. */
static bool madt_entry(struct acpi_info *info, const struct madt_entry *e)
{
    const struct madt_lapic *cpu = (const void *)e;
    const struct madt_x2apic *cpu2 = (const void *)e;

    switch (e->type) {
    case MADT_LAPIC:
        if (e->length < sizeof(*cpu))
            return false;
        if (cpu->apic_id != 0xff)
            add_cpu(info, cpu->apic_id, cpu->acpi_id, cpu->flags);
        return true;
    case MADT_X2APIC:
        if (e->length < sizeof(*cpu2))
            return false;
        if (cpu2->apic_id != 0xffffffff)
            add_cpu(info, cpu2->apic_id, cpu2->acpi_id, cpu2->flags);
        return true;
    case MADT_IOAPIC:
        if (e->length < sizeof(struct madt_ioapic))
            return false;
        add_ioapic(info, (const void *)e);
        return true;
    case MADT_ISA_OVERRIDE:
        if (e->length < sizeof(struct madt_isa_override))
            return false;
        add_override(info, (const void *)e);
        return true;
    case MADT_LAPIC_ADDRESS:
        if (e->length < sizeof(struct madt_lapic_address))
            return false;
        info->lapic = maddr(((const struct madt_lapic_address *)e)->address);
        return true;
    default:
        return true;
    }
}

static void parse_madt(struct acpi_info *info, const struct acpi_header *h)
{
    const struct acpi_madt *madt = (const void *)h;
    const uint8_t *bytes = (const void *)h;
    uint32_t at = sizeof(*madt);

    info->lapic = maddr(madt->lapic);
    info->has_8259 = madt->flags & MADT_PCAT_COMPAT;
    while (h->length - at >= sizeof(struct madt_entry)) {
        const struct madt_entry *e = (const void *)(bytes + at);

        if (e->length < sizeof(*e) || e->length > h->length - at || !madt_entry(info, e)) {
            log_warn("acpi: MADT is damaged at byte %u", at);
            return;
        }
        at += e->length;
    }
}

/* A port from the FADT: the extended field when the table has it and it names a port. */
static uint16_t fadt_port(const struct acpi_fadt *f, uint32_t old, const struct acpi_address *x)
{
    size_t end = (const uint8_t *)(x + 1) - (const uint8_t *)f;

    if (f->header.length >= end && x->space == ACPI_SPACE_IO && x->address != 0 &&
        x->address <= 0xffff)
        return x->address;
    return old <= 0xffff ? old : 0;
}

static void parse_fadt(struct acpi_info *info, const struct acpi_header *h)
{
    const struct acpi_fadt *f = (const void *)h;
    const size_t reset_end = offsetof(struct acpi_fadt, reset_value) + 1;

    info->pm1a_control = fadt_port(f, f->pm1a_control, &f->x_pm1a_control);
    info->pm1b_control = fadt_port(f, f->pm1b_control, &f->x_pm1b_control);
    info->pm_timer_port = fadt_port(f, f->pm_timer, &f->x_pm_timer);
    info->pm_timer_32bit = f->flags & FADT_TIMER_32BIT;
    if (h->length < reset_end || !(f->flags & FADT_RESET_SUPPORTED) || f->reset.address == 0)
        return;
    if (f->reset.space == ACPI_SPACE_IO)
        info->reset.valid = f->reset.address <= 0xffff;
    else if (f->reset.space == ACPI_SPACE_MEMORY)
        info->reset.valid = f->reset.address < ADDRESS_LIMIT;
    info->reset.is_io = f->reset.space == ACPI_SPACE_IO;
    info->reset.address = f->reset.address;
    info->reset.value = f->reset_value;
}

static void parse_hpet(struct acpi_info *info, const struct acpi_header *h)
{
    const struct acpi_hpet *hpet = (const void *)h;

    if (hpet->base.space == ACPI_SPACE_MEMORY && hpet->base.address < ADDRESS_LIMIT)
        info->hpet = maddr(hpet->base.address);
}

static void parse_mcfg(struct acpi_info *info, const struct acpi_header *h)
{
    const struct mcfg_entry *e = (const void *)((const uint8_t *)h + sizeof(struct acpi_mcfg));
    unsigned count = (h->length - sizeof(struct acpi_mcfg)) / sizeof(*e);

    for (unsigned i = 0; i < count && info->mcfg_count < ACPI_MAX_MCFG; i++, e++) {
        if (e->base == 0 || e->base >= ADDRESS_LIMIT || e->bus_first > e->bus_last)
            continue;
        info->mcfg[info->mcfg_count].base = maddr(e->base);
        info->mcfg[info->mcfg_count].segment = e->segment;
        info->mcfg[info->mcfg_count].bus_first = e->bus_first;
        info->mcfg[info->mcfg_count++].bus_last = e->bus_last;
    }
}

enum known_table { TABLE_OTHER, TABLE_MADT, TABLE_FADT, TABLE_HPET, TABLE_MCFG };

/* Which table a signature names, and the least size that it must have. */
static enum known_table table_kind(const char *signature, size_t *min)
{
    static const struct {
        char signature[5];
        uint8_t kind;
        uint16_t min;
    } known[] = {
        {"APIC", TABLE_MADT, sizeof(struct acpi_madt)},
        /* ACPI 1.0's table ends after the flags. */
        {"FACP", TABLE_FADT, offsetof(struct acpi_fadt, reset)},
        {"HPET", TABLE_HPET, sizeof(struct acpi_hpet)},
        {"MCFG", TABLE_MCFG, sizeof(struct acpi_mcfg)},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
        if (memcmp(signature, known[i].signature, 4) == 0) {
            *min = known[i].min;
            return known[i].kind;
        }
    return TABLE_OTHER;
}

/* `seen` has a bit for each kind: the first valid table of a kind is the one that counts. */
static void parse_table(struct acpi_info *info, uint64_t address, unsigned *seen)
{
    const struct acpi_header *h = firmware_at(address, sizeof(*h));
    enum known_table kind;
    size_t min;

    if (!h)
        return;
    kind = table_kind(h->signature, &min);
    if (kind == TABLE_OTHER || *seen & 1u << kind)
        return;
    h = table_at(address, min);
    if (!h) {
        log_warn("acpi: the table at 0x%lx is damaged", (unsigned long)address);
        return;
    }
    *seen |= 1u << kind;
    if (kind == TABLE_MADT)
        parse_madt(info, h);
    else if (kind == TABLE_FADT)
        parse_fadt(info, h);
    else if (kind == TABLE_HPET)
        parse_hpet(info, h);
    else
        parse_mcfg(info, h);
}

/* Walks the RSDT (4-byte entries) or XSDT (8-byte ones). */
static bool parse_list(struct acpi_info *info, uint64_t address, const char *signature,
                       unsigned entry_size)
{
    const struct acpi_header *h = table_at(address, sizeof(*h));
    const uint8_t *entry;
    unsigned seen = 0;

    if (!h || memcmp(h->signature, signature, 4) != 0)
        return false;
    entry = (const uint8_t *)(h + 1);
    for (uint32_t left = h->length - sizeof(*h); left >= entry_size; left -= entry_size) {
        uint64_t table = 0;

        memcpy(&table, entry, entry_size);
        parse_table(info, table, &seen);
        entry += entry_size;
    }
    return true;
}

int acpi_parse(maddr_t rsdp, struct acpi_info *info)
{
    const struct acpi_rsdp *r = firmware_at(rsdp.a, ACPI_RSDP_V1_SIZE);

    if (!r || !rsdp_ok(r, ACPI_RSDP_V1_SIZE))
        return -ENODEV;
    info->rsdp = rsdp;
    if (r->revision >= 2) {
        r = firmware_at(rsdp.a, sizeof(*r));
        if (r && r->length >= sizeof(*r) && checksum_ok(r, sizeof(*r)) && r->xsdt &&
            parse_list(info, r->xsdt, "XSDT", 8))
            return 0;
    }
    return r && parse_list(info, r->rsdt, "RSDT", 4) ? 0 : -ENODEV;
}
