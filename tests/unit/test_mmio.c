/* sources: hypervisor/x86/mmio.c */
/* Which frames Domain0 may map as a device's: never memory, never what steers interrupts. */
#include "boot/boot.h"
#include "check.h"
#include "domain/domain.h"
#include "x86/acpi.h"
#include "x86/irq.h"
#include "x86/lapic.h"
#include "x86/msi.h"

struct boot_info boot_info;
struct acpi_info acpi;

static struct domain domain0_ = {.is_hardware = true}, stranger;

mfn_t lapic_page(void)
{
    return mfn(0xfee00);
}

bool msix_table_page(mfn_t m)
{
    return m.n == 0xfebe1;
}

static bool allowed(uint64_t first, uint64_t frames)
{
    return mmio_allowed(&domain0_, mfn(first), frames);
}

static void add_region(uint64_t base, uint64_t size, uint32_t type)
{
    boot_info.regions[boot_info.region_count++] = (struct boot_region){base, size, type};
}

static void make_machine(void)
{
    add_region(0, 0x9fc00, 1);
    add_region(0x9fc00, 0x400, 2);
    add_region(0xf0000, 0x10000, 2);
    add_region(0x100000, 0x3fee0000, 1);
    add_region(0x3ffe0000, 0x20000, 3);
    add_region(0x40000000, 0x100000, 5);
    add_region(0x100000000, 0x40000000, 1);
    acpi.ioapic_count = 1;
    acpi.ioapics[0].base = maddr(0xfec00000);
    acpi.hpet = maddr(0xfed00000);
}

int main(void)
{
    make_machine();
    CHECK(allowed(0xa0, 0x20));
    CHECK(allowed(0xf0, 0x10));
    CHECK(allowed(0x9f, 1));  /* shared by memory and the BIOS's data */
    CHECK(allowed(0, 0x100)); /* firmware's first MiB, whatever it calls RAM there */
    CHECK(!allowed(0xff, 2));
    CHECK(allowed(0x3ffe0, 0x20));
    CHECK(!allowed(0x3ffdf, 1));
    CHECK(!allowed(0x40010, 1));
    CHECK(allowed(0xb0000, 0x1000));
    CHECK(!allowed(0xfec00, 1));
    CHECK(allowed(0xfec01, 1));
    CHECK(!allowed(0xfee00, 1));
    CHECK(!allowed(0xfeeff, 1));
    CHECK(!allowed(0xfed00, 0x1000));
    CHECK(allowed(0xfef00, 0x100));
    CHECK(!allowed(0x100000, 1));
    CHECK(allowed(0x140000, 1));
    CHECK(!allowed(0xfffff, 2));
    CHECK(!allowed(0x140000, 0));
    CHECK(!allowed(0x140000, ~UINT64_C(0)));
    CHECK(!allowed(~UINT64_C(0), 2));
    CHECK(!allowed(UINT64_C(1) << 45, 1));
    CHECK(!mmio_allowed(&stranger, mfn(0xa0), 1));
    CHECK(mmio_read_only(mfn(0xfed00)));
    CHECK(mmio_read_only(mfn(0xfebe1)));
    CHECK(!mmio_read_only(mfn(0xfebe2)));
    return check_report();
}
