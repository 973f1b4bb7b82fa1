/* The machine's and the domain's memory maps, where the machine-to-physical array lies and which
 * frames hold it; nobody may write those. */
#include "guest.h"

#define MAX_ENTRIES 64
#define MAX_EXTENTS 8

struct e820_entry {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed));

static struct e820_entry entries[MAX_ENTRIES];

static long map_of(unsigned cmd, struct xen_memory_map *map, unsigned room)
{
    map->nr_entries = room;
    set_xen_guest_handle(map->buffer, entries);
    return memory_op(cmd, map);
}

static void check_machine_map(void)
{
    struct xen_memory_map map;
    uint64_t ram = 0, last = 0;

    REQUIRE(map_of(XENMEM_machine_memory_map, &map, MAX_ENTRIES) == 0);
    CHECK(map.nr_entries > 2 && map.nr_entries < MAX_ENTRIES);
    for (unsigned i = 0; i < map.nr_entries; i++) {
        CHECK(entries[i].addr >= last);
        last = entries[i].addr + entries[i].size;
        if (entries[i].type == 1)
            ram += entries[i].size;
    }
    CHECK(ram >= start_info->nr_pages * PAGE_SIZE);
    CHECK(memory_op(XENMEM_machine_memory_map, (void *)0x1000) == -XEN_EFAULT);
    map_of(XENMEM_machine_memory_map, &map, 1);
    CHECK(map.nr_entries <= 1);
}

static void check_machphys(void)
{
    struct xen_machphys_mapping mapping = {0};
    struct xen_machphys_mfn_list list = {.max_extents = MAX_EXTENTS};
    xen_pfn_t frames[MAX_EXTENTS];
    volatile const pfn_t *array = (pfn_t *)HYPERVISOR_VIRT_START;
    struct mmu_update update;

    CHECK_EQ(memory_op(XENMEM_machphys_mapping, &mapping), 0);
    CHECK_EQ(mapping.v_start, HYPERVISOR_VIRT_START);
    CHECK(mapping.max_mfn >= va_to_mfn(stacks));
    CHECK(mapping.v_end > mapping.v_start);
    CHECK_EQ(CATCH((void)array[memory_op(XENMEM_maximum_ram_page, NULL)]), NO_TRAP);
    CHECK_EQ(CATCH(((volatile pfn_t *)HYPERVISOR_VIRT_START)[0] = 0), TRAP_PF);

    set_xen_guest_handle(list.extent_start, frames);
    REQUIRE(memory_op(XENMEM_machphys_mfn_list, &list) == 0);
    REQUIRE(list.nr_extents >= 1 && list.nr_extents <= MAX_EXTENTS);
    update = (struct mmu_update){.ptr = va_to_maddr(tables_for(FREE_BASE)),
                                 .val = pte_make(frames[0], PAGE_RO)};
    CHECK(mmu_update(&update, 1, NULL, DOMID_SELF) < 0);
    /* A hypervisor need not show the frames; if it does, it is to read only. */
    if (!mmu_update(&update, 1, NULL, DOMID_XEN))
        CHECK_EQ(memcmp((void *)FREE_BASE, (void *)HYPERVISOR_VIRT_START, PAGE_SIZE), 0);
    update.val = pte_make(frames[0], PAGE_RW);
    CHECK(mmu_update(&update, 1, NULL, DOMID_XEN) < 0);
    CHECK_EQ(CATCH(*(volatile char *)FREE_BASE = 0), TRAP_PF);
    CHECK_EQ(entry_write(entry_of(FREE_BASE, 1), 0), 0);
}

/* The array that 32-bit guests see, for whoever makes them: short entries, the same otherwise. */
static void check_narrow_machphys(void)
{
    struct xen_machphys_mfn_list list = {.max_extents = 1};
    mfn_t own = va_to_mfn(stacks);
    struct mmu_update update;
    const unsigned long va = FREE_BASE + PAGE_SIZE;
    xen_pfn_t first;
    mfn_t page;

    set_xen_guest_handle(list.extent_start, &first);
    REQUIRE(memory_op(XENMEM_machphys_compat_mfn_list, &list) == 0);
    REQUIRE(list.nr_extents == 1 && own < (2 << 20) / sizeof(uint32_t));
    page = first + own * sizeof(uint32_t) / PAGE_SIZE;
    update =
        (struct mmu_update){.ptr = va_to_maddr(tables_for(va)), .val = pte_make(page, PAGE_RO)};
    REQUIRE(mmu_update(&update, 1, NULL, DOMID_XEN) == 0);
    CHECK_EQ(((const volatile uint32_t *)va)[own % (PAGE_SIZE / sizeof(uint32_t))],
             va_to_pfn(stacks));
    CHECK_EQ(entry_write(entry_of(va, 1), 0), 0);
}

void test(void)
{
    check_machine_map();
    check_machphys();
    check_narrow_machphys();
    /* Domain0 is given no map of its own. */
    CHECK(memory_op(XENMEM_memory_map, (void *)0x1000) < 0);
}
