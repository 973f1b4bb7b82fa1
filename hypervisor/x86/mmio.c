/* Which machine frames are a device's, for Domain0 to map. */
#include "x86/irq.h"

#include "boot/boot.h"
#include "domain/domain.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/ioapic.h"
#include "x86/lapic.h"
#include "x86/msi.h"

#define MSI_WINDOW_FIRST 0xfee00u
#define MSI_WINDOW_LAST 0xfeeffu

#define REGION_RAM 1u
#define REGION_UNUSABLE 5u
#define LOW_MEMORY_END 0x100000u

/* AMD's HyperTransport range: accesses are bus messages, interrupts among them. */
#define HYPERTRANSPORT_FIRST 0xfd00000u
#define HYPERTRANSPORT_LAST 0xfffffffu
#define VENDOR_AMD_B 0x68747541u /* "Auth" */

static bool overlap(uint64_t a_first, uint64_t a_last, uint64_t b_first, uint64_t b_last)
{
    return a_first <= b_last && b_first <= a_last;
}

/* What the processor says of its addresses; asked once, since CPUID may trap to a hypervisor below.
 */
static struct {
    uint64_t last_frame; /* 0: not asked yet */
    bool has_hypertransport;
} processor;

static void ask_processor(void)
{
    unsigned bits = cpuid(0x80000000, 0).a >= 0x80000008 ? cpuid(0x80000008, 0).a & 0xff : 36;

    processor.has_hypertransport = cpuid(0, 0).b == VENDOR_AMD_B;
    WRITE_ONCE(processor.last_frame, (UINT64_C(1) << (bits - PAGE_SHIFT)) - 1);
}

/* A page that a region fills only in part is left to the device or firmware in the other part.
 * Below 1 MiB nothing is in the allocator's hands, and firmware leaves tables there in what it
 * calls RAM: Linux looks for them from 512 KiB on. */
static bool region_overlaps(const struct boot_region *r, uint64_t first, uint64_t last)
{
    uint64_t r_first = (MAX(r->base, LOW_MEMORY_END) + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t r_end = (r->base + r->size) >> PAGE_SHIFT;

    return r_end > r_first && overlap(first, last, r_first, r_end - 1);
}

static bool is_memory(uint64_t first, uint64_t last)
{
    for (unsigned i = 0; i < boot_info.region_count; i++) {
        const struct boot_region *r = &boot_info.regions[i];

        if ((r->type == REGION_RAM || r->type == REGION_UNUSABLE) &&
            region_overlaps(r, first, last))
            return true;
    }
    return false;
}

/* Pages through which interrupts are controlled or sent. */
static bool is_interrupt_hardware(uint64_t first, uint64_t last)
{
    uint64_t lapic = lapic_page().n;

    if (overlap(first, last, MSI_WINDOW_FIRST, MSI_WINDOW_LAST) ||
        (first <= lapic && lapic <= last))
        return true;
    for (unsigned i = 0; i < acpi.ioapic_count; i++) {
        uint64_t page = acpi.ioapics[i].base.a >> PAGE_SHIFT;

        if (first <= page && page <= last)
            return true;
    }
    return false;
}

bool mmio_is_device(mfn_t first, mfn_t last)
{
    if (!processor.last_frame)
        ask_processor();
    if (first.n > last.n || last.n > processor.last_frame)
        return false;
    if (processor.has_hypertransport &&
        overlap(first.n, last.n, HYPERTRANSPORT_FIRST, HYPERTRANSPORT_LAST))
        return false;
    return !is_interrupt_hardware(first.n, last.n) && !is_memory(first.n, last.n);
}

bool mmio_allowed(const struct domain *d, mfn_t first, uint64_t frames)
{
    return d->is_hardware && frames > 0 && first.n + frames > first.n &&
           mmio_is_device(first, mfn(first.n + frames - 1));
}

bool mmio_read_only(mfn_t m)
{
    return (acpi.hpet.a && m.n == acpi.hpet.a >> PAGE_SHIFT) || msix_table_page(m);
}
