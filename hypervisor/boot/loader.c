#include "boot/loader.h"
#include "boot/loader_memory.h"
#include "lib/string.h"

void loader_string(char *dst, size_t dst_size, uint64_t at, uint64_t limit)
{
    size_t n = 0;

    for (; n < dst_size - 1 && n < limit; n++) {
        const char *c = loader_memory(at + n, 1);
        if (c == NULL || *c == '\0')
            break;
        dst[n] = *c;
    }
    dst[n] = '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Moves the text behind the first word to the front. */
static void drop_word(char *text)
{
    char *rest = text;

    while (*rest != '\0' && !is_blank(*rest))
        rest++;
    while (is_blank(*rest))
        rest++;
    memmove(text, rest, strlen(rest) + 1);
}

static bool starts_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    return strncmp(text, word, n) == 0 && (text[n] == '\0' || is_blank(text[n]));
}

void loader_strip_name(const char *loader, char *cmdline)
{
    if (strncmp(loader, "GRUB 2", 6) != 0)
        drop_word(cmdline);
    if (starts_with_word(cmdline, "placeholder"))
        drop_word(cmdline);
}

bool loader_add_region(struct boot_info *info, uint64_t base, uint64_t size, uint32_t type)
{
    if (size == 0)
        return true;
    if (info->region_count == BOOT_MAX_REGIONS)
        return false;
    info->regions[info->region_count++] = (struct boot_region){base, size, type};
    return true;
}

struct boot_module *loader_add_module(struct boot_info *info, uint64_t base, uint64_t size)
{
    if (info->module_count == BOOT_MAX_MODULES || loader_memory(base, size) == NULL)
        return NULL;

    struct boot_module *module = &info->modules[info->module_count++];
    module->base = maddr(base);
    module->size = size;
    return module;
}
