/* The EFI tables that Domain0 asks for by hypercall: it learns where ACPI and SMBIOS are from the
 * configuration table. Layouts: UEFI specification 2.10, chapters 4 (system table) and 7.2 (memory
 * map). Addresses in tables are the firmware's claims: each is mapped read-only before use. */
#include "control/firmware.h"

#include "boot/boot.h"
#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"

#define VENDOR_BYTES_MAX 128

struct efi_header {
    uint64_t signature;
    uint32_t revision, size, checksum, reserved;
};

struct efi_system_table {
    struct efi_header header;
    uint64_t vendor; /* UCS-2 text */
    uint32_t vendor_revision;
    uint32_t pad;
    uint64_t consoles[6];
    uint64_t runtime_services, boot_services;
    uint64_t config_entries;
    uint64_t config_table;
};

struct efi_region {
    uint32_t type, pad;
    uint64_t physical, virtual, pages, attributes;
};

/* Mapped at the first question and for ever; there is one. */
static const struct efi_system_table *system_table(void)
{
    static const struct efi_system_table *table;

    if (!table && boot_info.efi_system_table)
        table = map_firmware(maddr(boot_info.efi_system_table), sizeof(*table));
    return table;
}

/* Copies the vendor's name with its terminating zero as far as the caller has room. */
static long vendor_info(const struct efi_system_table *table, union xenpf_efi_info *info)
{
    static const uint16_t *name;
    uint64_t to = handle_addr(info->vendor.name) & (guest_is_narrow() ? UINT32_MAX : UINT64_MAX);
    unsigned room = MIN(info->vendor.bufsz, VENDOR_BYTES_MAX) / sizeof(uint16_t);
    const uint16_t end = 0;
    unsigned n = 0;

    info->vendor.revision = table->vendor_revision;
    if (!to || room == 0)
        return 0;
    if (!name && table->vendor)
        name = map_firmware(maddr(table->vendor), VENDOR_BYTES_MAX);
    while (name && n < room - 1 && name[n])
        n++;
    if (n > 0 && !copy_to_guest(to, name, n * sizeof(*name)))
        return refuse(-EFAULT);
    return copy_to_guest(to + n * sizeof(end), &end, sizeof(end)) ? 0 : refuse(-EFAULT);
}

static bool region_holds(const struct efi_region *r, uint64_t addr)
{
    return addr >= r->physical && (addr - r->physical) >> PAGE_SHIFT < r->pages;
}

/* The memory-map entry around an address: Domain0 asks before it maps a table. */
static long memory_info(union xenpf_efi_info *info)
{
    static const char *map;
    uint32_t step = boot_info.efi_memmap_desc_size;

    if (!boot_info.efi_memmap || step < sizeof(struct efi_region))
        return refuse(-EOPNOTSUPP);
    if (!map)
        map = map_firmware(maddr(boot_info.efi_memmap), boot_info.efi_memmap_size);
    if (!map)
        return refuse(-ENOMEM);

    for (uint32_t at = 0; at + step <= boot_info.efi_memmap_size; at += step) {
        const struct efi_region *r = (const struct efi_region *)(map + at);

        if (!region_holds(r, info->mem.addr))
            continue;
        info->mem.size = r->physical + (r->pages << PAGE_SHIFT) - info->mem.addr;
        info->mem.attr = r->attributes;
        info->mem.type = r->type;
        return 0;
    }
    return refuse(-ESRCH);
}

long efi_info(uint32_t index, union xenpf_efi_info *info)
{
    const struct efi_system_table *table = system_table();

    if (!table)
        return refuse(-EOPNOTSUPP);
    switch (index) {
    case XEN_FW_EFI_VERSION:
        info->version = table->header.revision;
        return 0;
    case XEN_FW_EFI_CONFIG_TABLE:
        info->cfg.addr = table->config_table;
        info->cfg.nent = (uint32_t)table->config_entries;
        return 0;
    case XEN_FW_EFI_VENDOR:
        return vendor_info(table, info);
    case XEN_FW_EFI_MEM_INFO:
        return memory_info(info);
    default:
        return -EOPNOTSUPP;
    }
}
