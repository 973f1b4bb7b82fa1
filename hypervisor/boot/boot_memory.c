#include "boot/boot_memory.h"
#include "boot/memory_map.h"
#include "lib/assert.h"
#include "lib/config.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"

static struct free_memory free_memory BOOT_DATA;
static bool released;

void boot_memory_init(void)
{
    free_memory_init(&free_memory, &boot_info);
    free_memory_exclude(&free_memory, image_maddr(image_start).a, image_end - image_start);
    for (unsigned i = 0; i < boot_info.module_count; i++)
        free_memory_exclude(&free_memory, boot_info.modules[i].base.a, boot_info.modules[i].size);
    free_memory_exclude(&free_memory, boot_info.efi_memmap, boot_info.efi_memmap_size);
    /* RAM that the direct map cannot reach. */
    free_memory_exclude(&free_memory, DIRECT_MAP_SIZE, (UINT64_C(1) << 52) - DIRECT_MAP_SIZE);
}

mfn_t boot_memory_take(uint64_t frames, uint64_t align, uint64_t limit)
{
    uint64_t first = free_memory_take(&free_memory, frames, align, limit);

    if (first == 0)
        panic("not enough memory for Ringfort's own tables (%lu frames)", frames);
    return mfn(first);
}

void boot_memory_release(void)
{
    released = true;
    for (unsigned i = 0; i < free_memory.count; i++)
        allocator_add(mfn(free_memory.ranges[i].start), mfn(free_memory.ranges[i].end));
}

bool boot_memory_released(void)
{
    return released;
}
