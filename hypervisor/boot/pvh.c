/* PVH: what small virtual machine monitors pass (QEMU's -kernel among them). */
#include "boot/loader.h"
#include "boot/loader_memory.h"
#include "lib/abi.h"
#include <xen/arch-x86/hvm/start_info.h>

#include "lib/string.h"

/* Nothing says that the structures are aligned. */
static bool copy_in(void *dst, uint64_t at, size_t size)
{
    const void *from = loader_memory(at, size);

    if (from != NULL)
        memcpy(dst, from, size);
    return from != NULL;
}

static loader_error read_map(const struct hvm_start_info *start, struct boot_info *info)
{
    if (start->version < 1 || start->memmap_entries == 0)
        return "the loader passes no memory map";
    for (uint32_t i = 0; i < start->memmap_entries; i++) {
        uint64_t at = start->memmap_paddr + i * sizeof(struct hvm_memmap_table_entry);
        struct hvm_memmap_table_entry e;
        if (!copy_in(&e, at, sizeof(e)))
            return "the memory map is out of reach";
        if (!loader_add_region(info, e.addr, e.size, e.type))
            return "the memory map has too many entries";
    }
    return NULL;
}

static loader_error read_modules(const struct hvm_start_info *start, struct boot_info *info)
{
    for (uint32_t i = 0; i < start->nr_modules; i++) {
        uint64_t at = start->modlist_paddr + i * sizeof(struct hvm_modlist_entry);
        struct hvm_modlist_entry m;
        if (!copy_in(&m, at, sizeof(m)))
            return "the list of modules is out of reach";

        struct boot_module *module = loader_add_module(info, m.paddr, m.size);
        if (module == NULL)
            return "there are too many modules, or one is out of reach";
        loader_string(module->cmdline, sizeof(module->cmdline), m.cmdline_paddr, UINT64_MAX);
    }
    return NULL;
}

loader_error pvh_read(uint64_t at, struct boot_info *info)
{
    struct hvm_start_info start;

    if (!copy_in(&start, at, sizeof(start)) || start.magic != XEN_HVM_START_MAGIC_VALUE)
        return "there is no PVH start information";
    strlcpy(info->loader, "PVH", sizeof(info->loader));
    loader_string(info->cmdline, sizeof(info->cmdline), start.cmdline_paddr, UINT64_MAX);
    info->rsdp = maddr(start.rsdp_paddr);

    loader_error error = read_map(&start, info);
    return error != NULL ? error : read_modules(&start, info);
}
