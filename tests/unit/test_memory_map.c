/* sources: hypervisor/boot/memory_map.c */
#include <string.h>

#include "boot/memory_map.h"
#include "check.h"

static struct boot_info info;
static struct free_memory memory;

static void region(uint64_t base, uint64_t size, uint32_t type)
{
    info.regions[info.region_count++] = (struct boot_region){base, size, type};
}

static void check_region(unsigned i, uint64_t base, uint64_t size, uint32_t type)
{
    CHECK_EQ(info.regions[i].base, base);
    CHECK_EQ(info.regions[i].size, size);
    CHECK_EQ(info.regions[i].type, type);
}

static void test_sorting(void)
{
    memset(&info, 0, sizeof(info));
    region(0x200000, 0x100000, 1);
    region(0, 0x1000, 1);
    region(0x100000, 0x100000, 1);
    memory_map_normalize(&info);
    CHECK_EQ(info.region_count, 2);
    check_region(0, 0, 0x1000, 1);
    check_region(1, 0x100000, 0x200000, 1);
}

static void test_overlap(void)
{
    memset(&info, 0, sizeof(info));
    region(0, 0x10000, 1);
    region(0x4000, 0x2000, 2);
    region(0x5000, 0x3000, 4);
    region(UINT64_MAX - 4095, 4096, 2);
    region(0xffffffff00000000, UINT64_MAX, 1);
    memory_map_normalize(&info);
    CHECK_EQ(info.region_count, 4);
    check_region(0, 0, 0x4000, 1);
    check_region(1, 0x4000, 0x1000, 2);
    check_region(2, 0x5000, 0x3000, 4);
    check_region(3, 0x8000, 0x8000, 1);
}

/* As many regions as there can be, each twice: nothing runs over. */
static void test_full(void)
{
    memset(&info, 0, sizeof(info));
    for (unsigned i = 0; i < BOOT_MAX_REGIONS; i++)
        region((uint64_t)i * 0x3000 + 0x1000, 0x4000, 1 + i % 5);
    memory_map_normalize(&info);
    CHECK(info.region_count > 0 && info.region_count <= BOOT_MAX_REGIONS);
    for (unsigned i = 1; i < info.region_count; i++)
        CHECK(info.regions[i - 1].base + info.regions[i - 1].size <= info.regions[i].base);
}

static void test_free(void)
{
    memset(&info, 0, sizeof(info));
    region(0, 0x9fc00, 1);
    region(0x100000, 0x1000000, 1);
    region(0x100000000, 0x1000800, 1);
    free_memory_init(&memory, &info);
    CHECK_EQ(memory.count, 2);
    CHECK_EQ(memory.ranges[0].start, 0x100);
    CHECK_EQ(memory.ranges[1].end, 0x101000);

    /* The highest that fits, aligned, below the limit. */
    CHECK_EQ(free_memory_take(&memory, 1, 1, UINT64_MAX), 0x100fff);
    CHECK_EQ(free_memory_take(&memory, 512, 512, UINT64_MAX), 0x100c00);
    CHECK_EQ(free_memory_take(&memory, 1, 1, 0x100000), 0x10ff);
    CHECK_EQ(free_memory_take(&memory, 0x100000, 1, UINT64_MAX), 0);

    free_memory_exclude(&memory, 0x200800, 0x1000);
    for (unsigned i = 0; i < memory.count; i++)
        CHECK(memory.ranges[i].end <= 0x200 || memory.ranges[i].start >= 0x202);
    free_memory_exclude(&memory, 0, UINT64_C(1) << 40);
    CHECK_EQ(memory.count, 0);
    CHECK_EQ(free_memory_take(&memory, 1, 1, UINT64_MAX), 0);
}

int main(void)
{
    test_sorting();
    test_overlap();
    test_full();
    test_free();
    return check_report();
}
