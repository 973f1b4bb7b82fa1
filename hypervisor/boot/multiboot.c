/* Multiboot 1 and 2: field names and numbers are the specifications'. */
#include "boot/loader.h"
#include "boot/loader_memory.h"
#include "lib/string.h"

#define MB1_HAS_MEMORY (1u << 0)
#define MB1_HAS_CMDLINE (1u << 2)
#define MB1_HAS_MODULES (1u << 3)
#define MB1_HAS_MAP (1u << 6)
#define MB1_HAS_LOADER (1u << 9)
#define MB1_HAS_FRAMEBUFFER (1u << 12)

#define FRAMEBUFFER_RGB 1
#define REGION_RAM 1

struct mb_framebuffer {
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
} __attribute__((packed));

struct mb_colors {
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
} __attribute__((packed));

struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
    uint32_t drives_length, drives_addr, config_table, boot_loader_name, apm_table;
    uint32_t vbe[4];
    struct mb_framebuffer framebuffer;
    struct mb_colors colors;
} __attribute__((packed));
_Static_assert(offsetof(struct mb1_info, framebuffer) == 88, "as the specification has it");

struct mb1_module {
    uint32_t start, end, string, reserved;
} __attribute__((packed));

struct mb1_region {
    uint32_t size; /* of the rest */
    uint64_t base, length;
    uint32_t type;
} __attribute__((packed));

static void read_framebuffer(struct boot_info *info, const struct mb_framebuffer *from,
                             const struct mb_colors *colors)
{
    if (from->type > 2 || from->address == 0)
        return;
    info->framebuffer.valid = true;
    info->framebuffer.is_graphics = from->type == FRAMEBUFFER_RGB;
    info->framebuffer.base = from->address;
    info->framebuffer.pitch = from->pitch;
    info->framebuffer.width = from->width;
    info->framebuffer.height = from->height;
    info->framebuffer.bpp = from->bpp;
    if (!info->framebuffer.is_graphics || colors == NULL)
        return;
    info->framebuffer.red_pos = colors->red_pos;
    info->framebuffer.red_size = colors->red_size;
    info->framebuffer.green_pos = colors->green_pos;
    info->framebuffer.green_size = colors->green_size;
    info->framebuffer.blue_pos = colors->blue_pos;
    info->framebuffer.blue_size = colors->blue_size;
}

static loader_error mb1_read_map(const struct mb1_info *mb, struct boot_info *info)
{
    uint64_t at = mb->mmap_addr, end = at + mb->mmap_length;

    while (at + sizeof(struct mb1_region) <= end) {
        const struct mb1_region *r = loader_memory(at, sizeof(*r));
        if (r == NULL)
            return "the memory map is out of reach";
        if (r->size < sizeof(*r) - sizeof(r->size))
            return "the memory map has an entry that is too short";
        if (!loader_add_region(info, r->base, r->length, r->type))
            return "the memory map has too many entries";
        at += sizeof(r->size) + r->size;
    }
    return NULL;
}

static loader_error mb1_read_modules(const struct mb1_info *mb, struct boot_info *info)
{
    for (uint32_t i = 0; i < mb->mods_count; i++) {
        uint64_t at = mb->mods_addr + (uint64_t)i * sizeof(struct mb1_module);
        const struct mb1_module *m = loader_memory(at, sizeof(*m));
        if (m == NULL || m->end < m->start)
            return "the list of modules is damaged";

        struct boot_module *module = loader_add_module(info, m->start, m->end - m->start);
        if (module == NULL)
            return "there are too many modules, or one is out of reach";
        loader_string(module->cmdline, sizeof(module->cmdline), m->string, UINT64_MAX);
        loader_strip_name(info->loader, module->cmdline);
    }
    return NULL;
}

loader_error multiboot1_read(uint64_t at, struct boot_info *info)
{
    const struct mb1_info *mb = loader_memory(at, sizeof(*mb));
    loader_error error = NULL;

    if (mb == NULL)
        return "the Multiboot information is out of reach";
    if (mb->flags & MB1_HAS_LOADER)
        loader_string(info->loader, sizeof(info->loader), mb->boot_loader_name, UINT64_MAX);
    if (mb->flags & MB1_HAS_CMDLINE) {
        loader_string(info->cmdline, sizeof(info->cmdline), mb->cmdline, UINT64_MAX);
        loader_strip_name(info->loader, info->cmdline);
    }
    if (mb->flags & MB1_HAS_FRAMEBUFFER)
        read_framebuffer(info, &mb->framebuffer, &mb->colors);
    if (mb->flags & MB1_HAS_MAP)
        error = mb1_read_map(mb, info);
    else
        return "the loader passes no memory map";
    if (error == NULL && mb->flags & MB1_HAS_MODULES)
        error = mb1_read_modules(mb, info);
    return error;
}

enum mb2_tag_type {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_LOADER = 2,
    MB2_MODULE = 3,
    MB2_MAP = 6,
    MB2_FRAMEBUFFER = 8,
    MB2_EFI64 = 12,
    MB2_RSDP_OLD = 14,
    MB2_RSDP_NEW = 15,
    MB2_EFI_MAP = 17,
};

struct mb2_tag {
    uint32_t type, size;
    uint8_t body[];
};

struct mb2_module {
    uint32_t start, end;
    char string[];
};

struct mb2_map {
    uint32_t entry_size, entry_version;
};

struct mb2_region {
    uint64_t base, length;
    uint32_t type, reserved;
} __attribute__((packed));

struct mb2_efi_map {
    uint32_t descriptor_size, descriptor_version;
    uint8_t map[];
};

/* One tag whose `size` bytes of body at machine address `at` are known to be within reach. */
struct mb2_body {
    uint64_t at;
    uint32_t size;
    const void *bytes;
};

static loader_error mb2_read_map(const struct mb2_body *body, struct boot_info *info)
{
    const struct mb2_map *map = body->bytes;

    if (body->size < sizeof(*map) || map->entry_size < sizeof(struct mb2_region))
        return "the memory map is damaged";
    for (uint64_t at = sizeof(*map); at + map->entry_size <= body->size; at += map->entry_size) {
        const struct mb2_region *r = loader_memory(body->at + at, sizeof(*r));
        if (!loader_add_region(info, r->base, r->length, r->type))
            return "the memory map has too many entries";
    }
    return NULL;
}

static loader_error mb2_read_module(const struct mb2_body *body, struct boot_info *info)
{
    const struct mb2_module *m = body->bytes;

    if (body->size < sizeof(*m) || m->end < m->start)
        return "a module's tag is damaged";
    struct boot_module *module = loader_add_module(info, m->start, m->end - m->start);
    if (module == NULL)
        return "there are too many modules, or one is out of reach";
    loader_string(module->cmdline, sizeof(module->cmdline), body->at + sizeof(*m),
                  body->size - sizeof(*m));
    return NULL;
}

/* The RSDP itself is in the tag; version 2 tables win over version 1. */
static void mb2_read_rsdp(const struct mb2_body *body, struct boot_info *info)
{
    size_t size = MIN(body->size, sizeof(info->rsdp_copy));

    if (size <= info->rsdp_size)
        return;
    memcpy(info->rsdp_copy, body->bytes, size);
    info->rsdp_size = size;
}

static void mb2_read_efi_map(const struct mb2_body *body, struct boot_info *info)
{
    const struct mb2_efi_map *map = body->bytes;

    if (body->size < sizeof(*map))
        return;
    info->efi_memmap = body->at + sizeof(*map);
    info->efi_memmap_size = body->size - sizeof(*map);
    info->efi_memmap_desc_size = map->descriptor_size;
    info->efi_memmap_version = map->descriptor_version;
}

static void mb2_read_framebuffer(const struct mb2_body *body, struct boot_info *info)
{
    const struct mb_framebuffer *from = body->bytes;
    const uint64_t colors_at = sizeof(*from) + sizeof(uint16_t);

    if (body->size < sizeof(*from))
        return;
    bool has_colors = body->size >= colors_at + sizeof(struct mb_colors);
    read_framebuffer(info, from, has_colors ? loader_memory(body->at + colors_at, 1) : NULL);
}

static loader_error mb2_read_tag(uint32_t type, const struct mb2_body *body, struct boot_info *info)
{
    switch (type) {
    case MB2_CMDLINE:
        loader_string(info->cmdline, sizeof(info->cmdline), body->at, body->size);
        return NULL;
    case MB2_LOADER:
        loader_string(info->loader, sizeof(info->loader), body->at, body->size);
        return NULL;
    case MB2_MODULE:
        return mb2_read_module(body, info);
    case MB2_MAP:
        return mb2_read_map(body, info);
    case MB2_FRAMEBUFFER:
        mb2_read_framebuffer(body, info);
        return NULL;
    case MB2_EFI64:
        info->is_efi = true;
        if (body->size >= sizeof(info->efi_system_table))
            memcpy(&info->efi_system_table, body->bytes, sizeof(info->efi_system_table));
        return NULL;
    case MB2_RSDP_OLD:
    case MB2_RSDP_NEW:
        mb2_read_rsdp(body, info);
        return NULL;
    case MB2_EFI_MAP:
        info->is_efi = true;
        mb2_read_efi_map(body, info);
        return NULL;
    default:
        return NULL;
    }
}

loader_error multiboot2_read(uint64_t at, struct boot_info *info)
{
    const uint32_t *total = loader_memory(at, 2 * sizeof(uint32_t));

    if (total == NULL || at % 8 != 0 || loader_memory(at, *total) == NULL)
        return "the Multiboot 2 information is out of reach";

    uint64_t end = at + *total;
    for (at += 8; at + sizeof(struct mb2_tag) <= end;) {
        const struct mb2_tag *tag = loader_memory(at, sizeof(*tag));
        if (tag->type == MB2_END)
            break;
        if (tag->size < sizeof(*tag) || tag->size > end - at)
            return "a tag of the Multiboot 2 information is damaged";

        struct mb2_body body = {at + sizeof(*tag), tag->size - sizeof(*tag), tag->body};
        loader_error error = mb2_read_tag(tag->type, &body, info);
        if (error != NULL)
            return error;
        at += ROUND_UP((uint64_t)tag->size, 8);
    }
    /* Names last: the loader's own may come after the command lines. */
    loader_strip_name(info->loader, info->cmdline);
    for (unsigned i = 0; i < info->module_count; i++)
        loader_strip_name(info->loader, info->modules[i].cmdline);
    return info->region_count ? NULL : "the loader passes no memory map";
}
