/* The textual parts of a kernel's announcements, new style and old. */
#include <xen/features.h>

#include "boot/pv_notes.h"
#include "lib/string.h"

#define FEATURE(name)                                                                              \
    {                                                                                              \
#name, XENFEAT_##name                                                                      \
    }

static const struct {
    const char *name;
    unsigned bit;
} feature_names[] = {
    FEATURE(writable_page_tables),
    FEATURE(writable_descriptor_tables),
    FEATURE(auto_translated_physmap),
    FEATURE(supervisor_mode_kernel),
    FEATURE(pae_pgdir_above_4gb),
    FEATURE(mmu_pt_update_preserve_ad),
    FEATURE(highmem_assist),
    FEATURE(gnttab_map_avail_bits),
    FEATURE(hvm_callback_vector),
    FEATURE(hvm_safe_pvclock),
    FEATURE(hvm_pirqs),
    FEATURE(dom0),
    FEATURE(memory_op_vnode_supported),
    FEATURE(ARM_SMCCC_supported),
    FEATURE(linux_rsdp_unrestricted),
    FEATURE(not_direct_mapped),
    FEATURE(direct_mapped),
};

static bool text_is(struct pv_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static bool text_contains(struct pv_text text, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= text.length; i++)
        if (memcmp(text.at + i, word, length) == 0)
            return true;
    return false;
}

/* Cuts off and returns what stands before the first `mark`; all of it when there is none. */
static struct pv_text cut_at(struct pv_text *rest, char mark)
{
    size_t length = 0;

    while (length < rest->length && rest->at[length] != mark)
        length++;

    struct pv_text part = {rest->at, length};
    size_t used = length < rest->length ? length + 1 : length;
    rest->at += used;
    rest->length -= used;
    return part;
}

void pv_copy_text(char *array, struct pv_text text)
{
    size_t length = MIN(text.length, PV_TEXT_SIZE - 1u);

    memcpy(array, text.at, length);
    array[length] = '\0';
}

static enum pv_result read_feature(struct pv_image *image, struct pv_text name)
{
    bool required = name.length > 0 && name.at[0] == '!';

    if (required) {
        name.at++;
        name.length--;
    }
    for (size_t i = 0; i < ARRAY_SIZE(feature_names); i++) {
        if (!text_is(name, feature_names[i].name))
            continue;
        image->features_supported |= 1u << feature_names[i].bit;
        if (required)
            image->features_required |= 1u << feature_names[i].bit;
        return PV_OK;
    }
    return required ? PV_UNKNOWN_FEATURE : PV_OK;
}

enum pv_result pv_read_features(struct pv_image *image, struct pv_text list)
{
    enum pv_result result = PV_OK;

    while (result == PV_OK && list.length > 0)
        result = read_feature(image, cut_at(&list, '|'));
    return result;
}

void pv_read_pae(struct pv_image *image, struct pv_text mode)
{
    if (text_contains(mode, "bimodal"))
        image->pae = PV_PAE_BIMODAL;
    else if (text_contains(mode, "yes"))
        image->pae = PV_PAE_YES;
    /* A note's plain "yes" means what the legacy string had to spell out. */
    image->pae_extended_cr3 = text_is(mode, "yes") || text_contains(mode, "extended-cr3");
}

/* Reads a number that ends where `text` ends. */
static bool read_number(struct pv_text text, uint64_t *number)
{
    char digits[32];
    const char *end;

    if (text.length == 0 || text.length >= sizeof(digits))
        return false;
    memcpy(digits, text.at, text.length);
    digits[text.length] = '\0';
    *number = strtou64(digits, &end);
    return *end == '\0';
}

/* What only makes sense once the whole legacy string has been read. */
struct legacy {
    bool has_hypercall_frame;
    uint64_t hypercall_frame;
    bool has_paddr_offset;
};

static enum pv_result read_legacy_number(struct pv_image *image, struct legacy *legacy,
                                         struct pv_text name, struct pv_text value)
{
    uint64_t *field;

    if (text_is(name, "VIRT_BASE")) {
        field = &image->virt_base;
    } else if (text_is(name, "VIRT_ENTRY")) {
        field = &image->entry;
    } else if (text_is(name, "ELF_PADDR_OFFSET")) {
        legacy->has_paddr_offset = true;
        field = &image->paddr_offset;
    } else if (text_is(name, "HYPERCALL_PAGE")) {
        legacy->has_hypercall_frame = true;
        field = &legacy->hypercall_frame;
    } else if (text_is(name, "HV_START_LOW")) {
        image->has_hv_start_low = true;
        field = &image->hv_start_low;
    } else {
        return PV_OK;
    }
    return read_number(value, field) ? PV_OK : PV_BAD_NOTE;
}

static enum pv_result read_legacy_pair(struct pv_image *image, struct legacy *legacy,
                                       struct pv_text name, struct pv_text value)
{
    if (text_is(name, "FEATURES"))
        return pv_read_features(image, value);
    if (text_is(name, "PAE"))
        pv_read_pae(image, value);
    else if (text_is(name, "XEN_VER"))
        pv_copy_text(image->xen_version, value);
    else if (text_is(name, "GUEST_OS"))
        pv_copy_text(image->guest_os, value);
    else if (text_is(name, "GUEST_VER"))
        pv_copy_text(image->guest_version, value);
    else if (text_is(name, "LOADER"))
        pv_copy_text(image->loader, value);
    else
        return read_legacy_number(image, legacy, name, value);
    return PV_OK;
}

enum pv_result pv_read_legacy(struct pv_image *image, struct pv_text pairs)
{
    struct legacy legacy = {0};

    pairs = cut_at(&pairs, '\0');
    while (pairs.length > 0) {
        struct pv_text value = cut_at(&pairs, ',');
        struct pv_text name = cut_at(&value, '=');
        enum pv_result result = read_legacy_pair(image, &legacy, name, value);

        if (result != PV_OK)
            return result;
    }

    if (!legacy.has_paddr_offset)
        image->paddr_offset = image->virt_base;
    /* The legacy value is a pseudo-physical frame, the note's an address. */
    image->has_hypercall_page = legacy.has_hypercall_frame;
    if (legacy.has_hypercall_frame)
        image->hypercall_page = image->virt_base + (legacy.hypercall_frame << PAGE_SHIFT);
    return PV_OK;
}
