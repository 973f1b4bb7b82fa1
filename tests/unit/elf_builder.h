/* Makes small ELF files in memory, of either class, for tests to break in one place at a time. */
#ifndef TESTS_UNIT_ELF_BUILDER_H
#define TESTS_UNIT_ELF_BUILDER_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BUILDER_MAX_SIZE 0x4000
#define BUILDER_SEGMENTS_AT 0x40
#define BUILDER_MAX_SEGMENTS 8
#define BUILDER_SECTIONS_AT 0x400
#define BUILDER_MAX_SECTIONS 8
#define BUILDER_DATA_AT 0x1000

struct elf_builder {
    uint8_t bytes[BUILDER_MAX_SIZE];
    size_t size;
    bool is64;
    unsigned segments;
    unsigned sections;
};

static inline void builder_put_header(struct elf_builder *b, uint64_t entry)
{
    if (b->is64) {
        Elf64_Ehdr h = {
            .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
            .e_type = ET_EXEC,
            .e_machine = EM_X86_64,
            .e_entry = entry,
            .e_phoff = BUILDER_SEGMENTS_AT,
            .e_shoff = BUILDER_SECTIONS_AT,
            .e_phentsize = sizeof(Elf64_Phdr),
            .e_phnum = (uint16_t)b->segments,
            .e_shentsize = sizeof(Elf64_Shdr),
            .e_shnum = (uint16_t)b->sections,
            .e_shstrndx = 0,
        };
        memcpy(b->bytes, &h, sizeof(h));
    } else {
        Elf32_Ehdr h = {
            .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
            .e_type = ET_EXEC,
            .e_machine = EM_386,
            .e_entry = (uint32_t)entry,
            .e_phoff = BUILDER_SEGMENTS_AT,
            .e_shoff = BUILDER_SECTIONS_AT,
            .e_phentsize = sizeof(Elf32_Phdr),
            .e_phnum = (uint16_t)b->segments,
            .e_shentsize = sizeof(Elf32_Shdr),
            .e_shnum = (uint16_t)b->sections,
            .e_shstrndx = 0,
        };
        memcpy(b->bytes, &h, sizeof(h));
    }
}

static inline void builder_start(struct elf_builder *b, bool is64, uint64_t entry)
{
    memset(b, 0, sizeof(*b));
    b->is64 = is64;
    b->size = BUILDER_DATA_AT;
    builder_put_header(b, entry);
}

/* Appends bytes to the file and returns their offset. */
static inline uint64_t builder_data(struct elf_builder *b, const void *data, size_t size)
{
    uint64_t at = b->size;

    memcpy(b->bytes + at, data, size);
    b->size += size;
    return at;
}

static inline void builder_count(struct elf_builder *b)
{
    uint16_t segments = (uint16_t)b->segments, sections = (uint16_t)b->sections;

    memcpy(b->bytes + (b->is64 ? offsetof(Elf64_Ehdr, e_phnum) : offsetof(Elf32_Ehdr, e_phnum)),
           &segments, sizeof(segments));
    memcpy(b->bytes + (b->is64 ? offsetof(Elf64_Ehdr, e_shnum) : offsetof(Elf32_Ehdr, e_shnum)),
           &sections, sizeof(sections));
}

static inline void builder_segment(struct elf_builder *b, uint32_t type, uint64_t offset,
                                   uint64_t paddr, uint64_t filesz, uint64_t memsz)
{
    if (b->is64) {
        Elf64_Phdr p = {.p_type = type,
                        .p_offset = offset,
                        .p_vaddr = 0xdead,
                        .p_paddr = paddr,
                        .p_filesz = filesz,
                        .p_memsz = memsz};
        memcpy(b->bytes + BUILDER_SEGMENTS_AT + b->segments * sizeof(p), &p, sizeof(p));
    } else {
        Elf32_Phdr p = {.p_type = type,
                        .p_offset = (uint32_t)offset,
                        .p_vaddr = 0xdead,
                        .p_paddr = (uint32_t)paddr,
                        .p_filesz = (uint32_t)filesz,
                        .p_memsz = (uint32_t)memsz};
        memcpy(b->bytes + BUILDER_SEGMENTS_AT + b->segments * sizeof(p), &p, sizeof(p));
    }
    b->segments++;
    builder_count(b);
}

/* `name` is an offset into section 0, which a test that uses names makes a string table. */
static inline void builder_section(struct elf_builder *b, uint32_t name, uint32_t type,
                                   uint64_t offset, uint64_t size)
{
    if (b->is64) {
        Elf64_Shdr s = {.sh_name = name, .sh_type = type, .sh_offset = offset, .sh_size = size};
        memcpy(b->bytes + BUILDER_SECTIONS_AT + b->sections * sizeof(s), &s, sizeof(s));
    } else {
        Elf32_Shdr s = {.sh_name = name,
                        .sh_type = type,
                        .sh_offset = (uint32_t)offset,
                        .sh_size = (uint32_t)size};
        memcpy(b->bytes + BUILDER_SECTIONS_AT + b->sections * sizeof(s), &s, sizeof(s));
    }
    b->sections++;
    builder_count(b);
}

/* Appends a note of owner "Xen" and returns its offset; notes follow each other without a gap. */
static inline uint64_t builder_note(struct elf_builder *b, uint32_t type, const void *desc,
                                    uint32_t size)
{
    Elf64_Nhdr header = {.n_namesz = 4, .n_descsz = size, .n_type = type};
    uint64_t at = builder_data(b, &header, sizeof(header));

    builder_data(b, "Xen", 4);
    builder_data(b, desc, size);
    b->size = (b->size + 3) & ~(size_t)3;
    return at;
}

#endif
