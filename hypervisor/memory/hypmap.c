/*
 * The final page tables. Order matters: the direct map is built from memory that head.S has mapped
 * (below 4 GiB), and after it is loaded the large tables can take memory from the top of RAM.
 */
#include "boot/boot.h"
#include "boot/boot_memory.h"
#include "boot/image_layout.h"
#include "boot/memory_map.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"
#include "memory/hypmap.h"
#include "memory/hypmap_root.h"
#include "memory/hypmap_table.h"
#include "memory/mapping.h"
#include "x86/cpu.h"

#define FIRMWARE_END UINT64_C(0x100000)
#define M2P_ENTRY sizeof(uint64_t)
#define M2P_EXTENT_FRAMES (LARGE_PAGE / M2P_ENTRY) /* frames that 2 MiB of the array describe */
#define COMPAT_EXTENT_FRAMES (LARGE_PAGE / sizeof(uint32_t))

/* Boundaries from the linker script. */
extern char __boot_start[], __boot_text_end[], __boot_end[];
extern char __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[];

_Static_assert(IMAGE_VIRTUAL == IMAGE_BASE, "head.S and lib/config.h disagree");

uint64_t *hv_root;
static unsigned m2p_extents, compat_extents;

maddr_t image_maddr(const void *address)
{
    return maddr((uint64_t)address - IMAGE_BASE);
}

static void map_or_panic(uint64_t va, maddr_t ma, uint64_t size, uint64_t flags)
{
    if (!hv_map(hv_root, va, ma, size, flags))
        panic("no memory for Ringfort's page tables");
}

static void map_image_part(const char *start, const char *end, uint64_t flags)
{
    for (const char *page = start; page < end; page += PAGE_SIZE)
        map_or_panic((uint64_t)page, image_maddr(page), PAGE_SIZE, flags);
}

static BOOT_CODE void map_image(void)
{
    map_image_part(__boot_start, __boot_text_end, HV_RX);
    map_image_part(__boot_text_end, __boot_end, HV_RW);
    map_image_part(__text_start, __text_end, HV_RX);
    map_image_part(__rodata_start, __rodata_end, HV_RO);
    map_image_part(__data_start, image_end, HV_RW);
}

/* One region of RAM, but for the image's code and constants, which nothing may write by any way. */
static BOOT_CODE void map_ram(uint64_t start, uint64_t end)
{
    uint64_t fixed_start = image_maddr(__text_start).a, fixed_end = image_maddr(__rodata_end).a;
    struct {
        uint64_t start, end, flags;
    } parts[] = {
        {start, MIN(end, fixed_start), HV_RW},
        {MAX(start, fixed_start), MIN(end, fixed_end), HV_RO},
        {MAX(start, fixed_end), end, HV_RW},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i].start < parts[i].end)
            map_or_panic(DIRECT_MAP_BASE + parts[i].start, maddr(parts[i].start),
                         parts[i].end - parts[i].start, parts[i].flags);
}

/* Whole frames of RAM region `i` in [*start, *end), in bytes; false when it is something else. */
static BOOT_CODE bool ram_region(unsigned i, uint64_t *start, uint64_t *end)
{
    const struct boot_region *r = &boot_info.regions[i];

    *start = ROUND_UP(r->base, PAGE_SIZE);
    *end = MIN((r->base + r->size) & PAGE_MASK, DIRECT_MAP_SIZE);
    return r->type == REGION_RAM && *start < *end;
}

/* Large pages of Ringfort's own at `va`, filled with `byte`, where nothing is mapped yet. */
static BOOT_CODE uint64_t map_large_page(uint64_t va, uint64_t flags, int byte)
{
    uint64_t *entry = hv_entry(hv_root, va, 2);

    if (!(*entry & HV_P)) {
        mfn_t m = boot_memory_take(FRAMES_PER_LARGE_PAGE, FRAMES_PER_LARGE_PAGE, UINT64_MAX);
        memset(mfn_to_virt(m), byte, LARGE_PAGE);
        *entry = mfn_maddr(m).a | flags | HV_PS;
    }
    return *entry & HV_ADDRESS;
}

static BOOT_CODE void map_frame_table(uint64_t start, uint64_t end)
{
    uint64_t first = (start >> PAGE_SHIFT) / FRAME_SECTION;
    uint64_t last = ((end - 1) >> PAGE_SHIFT) / FRAME_SECTION;
    uint64_t va = FRAME_TABLE_BASE + first * FRAME_SECTION_BYTES;
    uint64_t va_end = FRAME_TABLE_BASE + (last + 1) * FRAME_SECTION_BYTES;

    for (va &= ~(LARGE_PAGE - 1); va < va_end; va += LARGE_PAGE)
        map_large_page(va, HV_RW, 0);
}

/* The array's pieces for RAM, filled with "no PFN"; Ringfort's window on them is writable. */
static BOOT_CODE void map_m2p(uint64_t start, uint64_t end)
{
    uint64_t first = (start >> PAGE_SHIFT) / M2P_EXTENT_FRAMES;
    uint64_t last = ((end - 1) >> PAGE_SHIFT) / M2P_EXTENT_FRAMES;

    for (uint64_t i = first; i <= last; i++) {
        uint64_t ma = map_large_page(M2P_BASE + i * LARGE_PAGE, HV_RW, 0xff);
        map_or_panic(M2P_GUEST_BASE + i * LARGE_PAGE, maddr(ma), LARGE_PAGE, HV_GUEST_RO);
    }
    m2p_extents = MAX(m2p_extents, (unsigned)last + 1);
}

/* The same for 32-bit guests, who get it mapped by their own tables. */
static BOOT_CODE void map_compat_m2p(uint64_t start, uint64_t end)
{
    uint64_t last = ((end - 1) >> PAGE_SHIFT) / COMPAT_EXTENT_FRAMES;

    for (uint64_t i = (start >> PAGE_SHIFT) / COMPAT_EXTENT_FRAMES; i <= last; i++)
        map_large_page(COMPAT_M2P_BASE + i * LARGE_PAGE, HV_RW, 0xff);
    compat_extents = MAX(compat_extents, (unsigned)last + 1);
}

/* Where a hole in memory leaves no RAM for a whole extent, guests still read "no PFN". */
static BOOT_CODE void fill_m2p_holes(void)
{
    uint64_t hole = 0;

    for (uint64_t i = 0; i < m2p_extents; i++) {
        uint64_t va = M2P_BASE + i * LARGE_PAGE;
        if (*hv_entry(hv_root, va, 2) & HV_P)
            continue;
        if (hole == 0)
            hole = map_large_page(va, HV_RO, 0xff);
        map_or_panic(va, maddr(hole), LARGE_PAGE, HV_RO);
        map_or_panic(M2P_GUEST_BASE + i * LARGE_PAGE, maddr(hole), LARGE_PAGE, HV_GUEST_RO);
    }
}

mfn_t hypmap_m2p_extent(unsigned index)
{
    if (index >= m2p_extents)
        return INVALID_MFN;
    return maddr_mfn(maddr(*hv_entry(hv_root, M2P_BASE + index * LARGE_PAGE, 2) & HV_ADDRESS));
}

void hypmap_fill_compat_l2(uint64_t *l2, unsigned first)
{
    const unsigned end = (COMPAT_HOLE_END >> 21) & 511;

    for (unsigned i = first; i < 512; i++) {
        unsigned extent = i - first;
        uint64_t entry = 0;

        if (i < end && extent < compat_extents)
            entry = *hv_entry(hv_root, COMPAT_M2P_BASE + extent * LARGE_PAGE, 2);
        /* No piece: memory has a hole there. Not global: it lies among the guest's addresses. */
        l2[i] = entry ? (entry & HV_ADDRESS) | (HV_GUEST_RO & ~HV_G) | HV_PS : 0;
    }
}

uint32_t hypmap_compat_m2p_bytes(const struct domain *d)
{
    return MIN(compat_extents * LARGE_PAGE, COMPAT_HOLE_END - d->compat_hole_start);
}

BOOT_CODE void hypmap_init(void)
{
    uint64_t start, end;

    root_mode_choose();
    hv_root = hv_table_alloc();
    map_image();
    for (unsigned i = 0; i < boot_info.region_count; i++)
        if (ram_region(i, &start, &end))
            map_ram(start, end);
    /* Roots copy the slots' entries, so each slot has its L3 table from the beginning. */
    for (unsigned slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++)
        hv_entry(hv_root, SLOT_ADDR(slot), 3);
    hypmap_init_cpu();

    for (unsigned i = 0; i < boot_info.region_count; i++) {
        if (!ram_region(i, &start, &end))
            continue;
        map_frame_table(start, end);
        map_m2p(start, end);
        map_compat_m2p(start, end);
        /* Below 1 MiB is firmware's, for Domain0 to map as it does a device's. */
        start = MAX(start, FIRMWARE_END);
        frame_table_add_ram(mfn(start >> PAGE_SHIFT), mfn(end >> PAGE_SHIFT));
    }
    fill_m2p_holes();
}

void hypmap_fill_root(uint64_t *l4)
{
    memcpy(&l4[HV_SLOT_FIRST], &hv_root[HV_SLOT_FIRST],
           (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * sizeof(*l4));
}

void hypmap_drop_boot_image(void (*next)(void))
{
    mfn_t first = maddr_mfn(image_maddr(__boot_start));
    uint64_t pages = (__boot_end - __boot_start) / PAGE_SIZE;

    for (char *page = __boot_start; page < __boot_end; page += PAGE_SIZE) {
        *hv_entry(hv_root, (uint64_t)page, 1) = 0;
        invlpg(page);
    }
    allocator_add(first, mfn(first.n + pages));
    log_info("%lu KiB of boot code and data given back", pages * (PAGE_SIZE / 1024));
    next();
    __builtin_unreachable();
}
