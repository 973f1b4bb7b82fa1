/* sources: hypervisor/boot/multiboot.c hypervisor/boot/pvh.c hypervisor/boot/loader.c hypervisor/lib/text.c hypervisor/boot/memory_map.c */
/* First byte: which protocol. The rest stands where the loader's structures would. */
#include <stdlib.h>
#include <string.h>

#include "boot/loader.h"
#include "boot/loader_memory.h"
#include "boot/memory_map.h"

const uint8_t *host_loader_memory;
size_t host_loader_size;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static loader_error read_by(unsigned protocol, struct boot_info *info)
{
    switch (protocol % 3) {
    case 0:
        return multiboot1_read(HOST_LOADER_BASE, info);
    case 1:
        return multiboot2_read(HOST_LOADER_BASE, info);
    default:
        return pvh_read(HOST_LOADER_BASE, info);
    }
}

/* What the later boot relies on. */
static void check(const struct boot_info *info)
{
    for (unsigned i = 1; i < info->region_count; i++)
        if (info->regions[i - 1].base + info->regions[i - 1].size > info->regions[i].base)
            abort();
    for (unsigned i = 0; i < info->module_count; i++)
        if (loader_memory(info->modules[i].base.a, info->modules[i].size) == NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    static struct free_memory memory;

    if (size < 1)
        return 0;
    memset(&info, 0, sizeof(info));
    uint8_t *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    host_loader_memory = copy;
    host_loader_size = size - 1;
    if (read_by(data[0], &info) == NULL) {
        memory_map_normalize(&info);
        check(&info);
        free_memory_init(&memory, &info);
        free_memory_exclude(&memory, info.efi_memmap, info.efi_memmap_size);
        free_memory_take(&memory, 1, 1, UINT64_MAX);
    }
    free(copy);
    return 0;
}
