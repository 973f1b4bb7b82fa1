#include "boot/pv_notes.h"

#include <xen/elfnote.h>

#include "lib/string.h"

#define NOTE_NAME "Xen"
#define LEGACY_SECTION "__xen_guest"

/* Reads `size` (1, 2, 4 or 8) bytes, little-endian like the processor. */
static bool read_number(const uint8_t *bytes, uint32_t size, uint64_t *number)
{
    if (size != 1 && size != 2 && size != 4 && size != 8)
        return false;
    *number = 0;
    memcpy(number, bytes, size);
    return true;
}

static enum pv_result read_optional(const struct elf_note *note, bool *has, uint64_t *number)
{
    *has = read_number(note->desc, note->desc_size, number);
    return *has ? PV_OK : PV_BAD_NOTE;
}

static enum pv_result read_required(const struct elf_note *note, uint64_t *number)
{
    return read_number(note->desc, note->desc_size, number) ? PV_OK : PV_BAD_NOTE;
}

static enum pv_result read_flag(const struct elf_note *note, bool *flag)
{
    uint64_t number;
    enum pv_result result = read_required(note, &number);

    if (result == PV_OK)
        *flag = number != 0;
    return result;
}

static enum pv_result read_supported_features(const struct elf_note *note, struct pv_image *image)
{
    uint64_t bits;
    enum pv_result result = read_optional(note, &image->has_supported_features, &bits);

    if (result == PV_OK)
        image->features_supported |= (uint32_t)bits;
    return result;
}

/* The note lists pairs of page-table-entry size; only the first one is kept, more have not been
 * seen. A 32-bit kernel without PAE would have pairs of 4 bytes, and is none of ours. */
static enum pv_result read_l1_mfn_valid(const struct elf_note *note, struct pv_image *image)
{
    const uint32_t entry = sizeof(uint64_t);

    if (note->desc_size < 2 * entry)
        return PV_BAD_NOTE;
    image->has_l1_mfn_valid = true;
    read_number(note->desc, entry, &image->l1_mfn_mask);
    read_number(note->desc + entry, entry, &image->l1_mfn_value);
    return PV_OK;
}

/* The notes whose value is a string. Linux leaves the NUL off its feature list, so the note's size
 * ends a string too. */
static enum pv_result read_string_note(struct pv_image *image, const struct elf_note *note)
{
    const char *string = (const char *)note->desc;
    struct pv_text text = {string, strnlen(string, note->desc_size)};

    switch (note->type) {
    case XEN_ELFNOTE_XEN_VERSION:
        pv_copy_text(image->xen_version, text);
        return PV_OK;
    case XEN_ELFNOTE_GUEST_OS:
        pv_copy_text(image->guest_os, text);
        return PV_OK;
    case XEN_ELFNOTE_GUEST_VERSION:
        pv_copy_text(image->guest_version, text);
        return PV_OK;
    case XEN_ELFNOTE_LOADER:
        pv_copy_text(image->loader, text);
        return PV_OK;
    case XEN_ELFNOTE_PAE_MODE:
        pv_read_pae(image, text);
        return PV_OK;
    default:
        return pv_read_features(image, text);
    }
}

static enum pv_result read_note(struct pv_image *image, const struct elf_note *note)
{
    switch (note->type) {
    case XEN_ELFNOTE_ENTRY:
        return read_required(note, &image->entry);
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        return read_optional(note, &image->has_hypercall_page, &image->hypercall_page);
    case XEN_ELFNOTE_VIRT_BASE:
        return read_required(note, &image->virt_base);
    case XEN_ELFNOTE_PADDR_OFFSET:
        return read_required(note, &image->paddr_offset);
    case XEN_ELFNOTE_HV_START_LOW:
        return read_optional(note, &image->has_hv_start_low, &image->hv_start_low);
    case XEN_ELFNOTE_L1_MFN_VALID:
        return read_l1_mfn_valid(note, image);
    case XEN_ELFNOTE_SUSPEND_CANCEL:
        return read_flag(note, &image->suspend_cancel);
    case XEN_ELFNOTE_INIT_P2M:
        return read_optional(note, &image->has_init_p2m, &image->init_p2m);
    case XEN_ELFNOTE_MOD_START_PFN:
        return read_flag(note, &image->mod_start_pfn);
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        return read_supported_features(note, image);
    case XEN_ELFNOTE_PHYS32_ENTRY:
        return read_optional(note, &image->has_phys32_entry, &image->phys32_entry);
    case XEN_ELFNOTE_XEN_VERSION:
    case XEN_ELFNOTE_GUEST_OS:
    case XEN_ELFNOTE_GUEST_VERSION:
    case XEN_ELFNOTE_LOADER:
    case XEN_ELFNOTE_PAE_MODE:
    case XEN_ELFNOTE_FEATURES:
        return read_string_note(image, note);
    default:
        /* INFO and BSD_SYMTAB ask for nothing that a Linux-like kernel needs; the crash notes are
         * not for loaders. */
        return PV_OK;
    }
}

/* Reads the Xen notes among `size` bytes of notes and counts them in *found. */
static enum pv_result read_notes(struct pv_image *image, uint64_t offset, uint64_t size,
                                 unsigned *found)
{
    struct elf_notes notes = elf_notes_at(&image->elf, offset, size);
    struct elf_note note;

    while (elf_next_note(&notes, &note)) {
        if (note.name_size != sizeof(NOTE_NAME) ||
            memcmp(note.name, NOTE_NAME, sizeof(NOTE_NAME)) != 0)
            continue;

        enum pv_result result = read_note(image, &note);
        if (result != PV_OK)
            return result;
        ++*found;
    }
    return PV_OK;
}

static enum pv_result read_segment_notes(struct pv_image *image, unsigned *found)
{
    enum pv_result result = PV_OK;

    for (unsigned i = 0; result == PV_OK && i < image->elf.segment_count; i++) {
        Elf64_Phdr segment = elf_segment(&image->elf, i);
        if (segment.p_type == PT_NOTE)
            result = read_notes(image, segment.p_offset, segment.p_filesz, found);
    }
    return result;
}

static enum pv_result read_section_notes(struct pv_image *image, unsigned *found)
{
    enum pv_result result = PV_OK;

    for (unsigned i = 0; result == PV_OK && i < image->elf.section_count; i++) {
        Elf64_Shdr section = elf_section(&image->elf, i);
        if (section.sh_type == SHT_NOTE && elf_section_in_file(&image->elf, &section))
            result = read_notes(image, section.sh_offset, section.sh_size, found);
    }
    return result;
}

static enum pv_result read_legacy_section(struct pv_image *image, unsigned *found)
{
    for (unsigned i = 0; i < image->elf.section_count; i++) {
        Elf64_Shdr section = elf_section(&image->elf, i);
        if (!elf_section_in_file(&image->elf, &section) ||
            !elf_section_is_named(&image->elf, &section, LEGACY_SECTION))
            continue;

        const uint8_t *bytes = image->elf.bytes + section.sh_offset;
        ++*found;
        return pv_read_legacy(image, (struct pv_text){(const char *)bytes, section.sh_size});
    }
    return PV_OK;
}

enum pv_result pv_notes_read(struct pv_image *image)
{
    unsigned found = 0;
    enum pv_result result = read_segment_notes(image, &found);

    if (result == PV_OK && found == 0)
        result = read_section_notes(image, &found);
    if (result == PV_OK && found == 0)
        result = read_legacy_section(image, &found);
    if (result == PV_OK && found == 0)
        result = PV_NO_NOTES;
    return result;
}
