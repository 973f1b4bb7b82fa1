#include "boot/elf.h"

#include "lib/string.h"

/* Notes are padded to four bytes in both classes, whatever the gABI says about eight: so the tools
 * write them, and so readers take them. */
#define NOTE_ALIGN 4u

const char *elf_message(enum elf_result result)
{
    switch (result) {
    case ELF_OK:
        return "no error";
    case ELF_NOT_ELF:
        return "not an ELF file";
    case ELF_WRONG_MACHINE:
        return "ELF file for another machine (i386 and x86-64 can be run)";
    case ELF_WRONG_TYPE:
        return "ELF file is not an executable";
    case ELF_BAD_HEADER:
        return "ELF header is damaged";
    case ELF_TRUNCATED:
        return "ELF file ends too early";
    case ELF_BAD_SEGMENT:
        return "ELF segment is damaged";
    }
    return "unknown error";
}

/* True when `count` entries of `entry` bytes from `offset` lie within the file. `count` and `entry`
 * are 16-bit values of the header: their product cannot overflow. */
static bool table_in_file(const struct elf_image *elf, uint64_t offset, uint64_t count,
                          uint64_t entry)
{
    return offset <= elf->size && count * entry <= elf->size - offset;
}

/* The header in its 64-bit form. True when there are enough bytes for it. */
static bool read_header(const struct elf_image *elf, Elf64_Ehdr *header)
{
    Elf32_Ehdr narrow;

    if (elf->is64) {
        if (elf->size < sizeof(*header))
            return false;
        memcpy(header, elf->bytes, sizeof(*header));
        return true;
    }
    if (elf->size < sizeof(narrow))
        return false;
    memcpy(&narrow, elf->bytes, sizeof(narrow));
    *header = (Elf64_Ehdr){
        .e_type = narrow.e_type,
        .e_machine = narrow.e_machine,
        .e_entry = narrow.e_entry,
        .e_phoff = narrow.e_phoff,
        .e_shoff = narrow.e_shoff,
        .e_phentsize = narrow.e_phentsize,
        .e_phnum = narrow.e_phnum,
        .e_shentsize = narrow.e_shentsize,
        .e_shnum = narrow.e_shnum,
        .e_shstrndx = narrow.e_shstrndx,
    };
    return true;
}

static enum elf_result check_ident(const uint8_t *bytes, size_t size)
{
    if (size < EI_NIDENT || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return ELF_NOT_ELF;
    if (bytes[EI_DATA] != ELFDATA2LSB)
        return ELF_WRONG_MACHINE;
    if (bytes[EI_CLASS] != ELFCLASS32 && bytes[EI_CLASS] != ELFCLASS64)
        return ELF_WRONG_MACHINE;
    return ELF_OK;
}

static enum elf_result read_tables(struct elf_image *elf, const Elf64_Ehdr *header)
{
    size_t segment_size = elf->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    size_t section_size = elf->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

    if (header->e_phnum == 0 || header->e_phentsize != segment_size)
        return ELF_BAD_HEADER;
    if (!table_in_file(elf, header->e_phoff, header->e_phnum, segment_size))
        return ELF_TRUNCATED;
    elf->segments_at = header->e_phoff;
    elf->segment_count = header->e_phnum;

    /* Sections are a help, not a need: a file cut or stripped of them still loads. */
    if (header->e_shentsize == section_size &&
        table_in_file(elf, header->e_shoff, header->e_shnum, section_size)) {
        elf->sections_at = header->e_shoff;
        elf->section_count = header->e_shnum;
        elf->names_section = header->e_shstrndx;
    }
    return ELF_OK;
}

static enum elf_result check_segment(const struct elf_image *elf, const Elf64_Phdr *segment)
{
    if (segment->p_type != PT_LOAD && segment->p_type != PT_NOTE)
        return ELF_OK;
    if (segment->p_offset > elf->size || segment->p_filesz > elf->size - segment->p_offset)
        return ELF_TRUNCATED;
    if (segment->p_type == PT_NOTE)
        return ELF_OK;
    if (segment->p_filesz > segment->p_memsz)
        return ELF_BAD_SEGMENT;
    if (segment->p_paddr + segment->p_memsz < segment->p_paddr)
        return ELF_BAD_SEGMENT;
    return ELF_OK;
}

enum elf_result elf_parse(const void *bytes, size_t size, struct elf_image *elf)
{
    Elf64_Ehdr header;
    enum elf_result result = check_ident(bytes, size);

    if (result != ELF_OK)
        return result;
    *elf = (struct elf_image){.bytes = bytes, .size = size};
    elf->is64 = elf->bytes[EI_CLASS] == ELFCLASS64;
    if (!read_header(elf, &header))
        return ELF_TRUNCATED;
    if (header.e_machine != (elf->is64 ? EM_X86_64 : EM_386))
        return ELF_WRONG_MACHINE;
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return ELF_WRONG_TYPE;
    elf->entry = header.e_entry;

    result = read_tables(elf, &header);
    for (unsigned i = 0; result == ELF_OK && i < elf->segment_count; i++) {
        Elf64_Phdr segment = elf_segment(elf, i);
        result = check_segment(elf, &segment);
    }
    return result;
}

Elf64_Phdr elf_segment(const struct elf_image *elf, unsigned index)
{
    Elf64_Phdr wide;
    Elf32_Phdr narrow;

    if (elf->is64) {
        memcpy(&wide, elf->bytes + elf->segments_at + index * sizeof(wide), sizeof(wide));
        return wide;
    }
    memcpy(&narrow, elf->bytes + elf->segments_at + index * sizeof(narrow), sizeof(narrow));
    return (Elf64_Phdr){
        .p_type = narrow.p_type,
        .p_flags = narrow.p_flags,
        .p_offset = narrow.p_offset,
        .p_vaddr = narrow.p_vaddr,
        .p_paddr = narrow.p_paddr,
        .p_filesz = narrow.p_filesz,
        .p_memsz = narrow.p_memsz,
        .p_align = narrow.p_align,
    };
}

Elf64_Shdr elf_section(const struct elf_image *elf, unsigned index)
{
    Elf64_Shdr wide;
    Elf32_Shdr narrow;

    if (elf->is64) {
        memcpy(&wide, elf->bytes + elf->sections_at + index * sizeof(wide), sizeof(wide));
        return wide;
    }
    memcpy(&narrow, elf->bytes + elf->sections_at + index * sizeof(narrow), sizeof(narrow));
    return (Elf64_Shdr){
        .sh_name = narrow.sh_name,
        .sh_type = narrow.sh_type,
        .sh_flags = narrow.sh_flags,
        .sh_addr = narrow.sh_addr,
        .sh_offset = narrow.sh_offset,
        .sh_size = narrow.sh_size,
        .sh_link = narrow.sh_link,
        .sh_info = narrow.sh_info,
        .sh_addralign = narrow.sh_addralign,
        .sh_entsize = narrow.sh_entsize,
    };
}

bool elf_section_in_file(const struct elf_image *elf, const Elf64_Shdr *section)
{
    return section->sh_type != SHT_NOBITS && section->sh_offset <= elf->size &&
           section->sh_size <= elf->size - section->sh_offset;
}

bool elf_section_is_named(const struct elf_image *elf, const Elf64_Shdr *section, const char *name)
{
    if (elf->names_section >= elf->section_count)
        return false;

    Elf64_Shdr names = elf_section(elf, elf->names_section);
    size_t length = strlen(name) + 1;

    if (!elf_section_in_file(elf, &names) || section->sh_name > names.sh_size)
        return false;
    if (length > names.sh_size - section->sh_name)
        return false;
    return memcmp(elf->bytes + names.sh_offset + section->sh_name, name, length) == 0;
}

struct elf_notes elf_notes_at(const struct elf_image *elf, uint64_t offset, uint64_t size)
{
    return (struct elf_notes){.bytes = elf->bytes + offset, .size = size};
}

bool elf_next_note(struct elf_notes *notes, struct elf_note *note)
{
    Elf64_Nhdr header; /* the same in both classes */
    size_t left = notes->size - notes->at;

    if (left < sizeof(header))
        return false;
    memcpy(&header, notes->bytes + notes->at, sizeof(header));
    left -= sizeof(header);

    /* 64-bit sums of 32-bit sizes, so rounding up cannot wrap. */
    uint64_t name_room = ROUND_UP((uint64_t)header.n_namesz, NOTE_ALIGN);
    uint64_t desc_room = ROUND_UP((uint64_t)header.n_descsz, NOTE_ALIGN);
    if (name_room > left)
        return false;

    /* The last note may lack its padding, and in GRUB's images its descriptor is shorter than it
     * says: what is there counts. */
    left -= name_room;
    const uint8_t *name = notes->bytes + notes->at + sizeof(header);
    *note = (struct elf_note){
        .type = header.n_type,
        .name = name,
        .name_size = header.n_namesz,
        .desc = name + name_room,
        .desc_size = (uint32_t)MIN(header.n_descsz, left),
    };
    notes->at += sizeof(header) + name_room + MIN(desc_room, left);
    return true;
}
