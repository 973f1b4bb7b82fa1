/* ELF files in memory: headers, segments, sections and notes, with every offset checked. Both
 * classes are given in the 64-bit structures of <elf.h>. */
#ifndef BOOT_ELF_H
#define BOOT_ELF_H

#include <elf.h>

#include "lib/types.h"

enum elf_result {
    ELF_OK,
    ELF_NOT_ELF,
    ELF_WRONG_MACHINE, /* not x86, or the class does not fit the machine */
    ELF_WRONG_TYPE,    /* not an executable */
    ELF_BAD_HEADER,    /* entry sizes that no ELF file has */
    ELF_TRUNCATED,     /* a table, segment, section or note reaches past the end of the file */
    ELF_BAD_SEGMENT,   /* more bytes in the file than in memory, or an address wraps */
};

/* An ELF file whose header and tables lie within its bytes. */
struct elf_image {
    const uint8_t *bytes;
    size_t size;
    bool is64;
    uint64_t entry; /* e_entry */
    uint64_t segments_at;
    uint64_t sections_at;
    unsigned segment_count;
    unsigned section_count;
    unsigned names_section; /* index of the section that holds section names; may be out of range */
};

/* One note; name and descriptor lie within the file. */
struct elf_note {
    uint32_t type;
    const uint8_t *name;
    uint32_t name_size;
    const uint8_t *desc;
    uint32_t desc_size;
};

/* A walk over the notes of one PT_NOTE segment or SHT_NOTE section. */
struct elf_notes {
    const uint8_t *bytes;
    size_t size;
    size_t at;
};

/* A sentence part for messages; never NULL. */
const char *elf_message(enum elf_result result);

/* Checks that the `size` bytes at `bytes` are an executable for i386 (ELF32) or x86-64 (ELF64), all
 * of whose PT_LOAD and PT_NOTE segments lie within the file, and fills *elf, which points into
 * `bytes`. Any bytes are safe to pass; no alignment is needed. Takes no lock. Source: System V ABI
 * (gABI) chapters 4 and 5. */
enum elf_result elf_parse(const void *bytes, size_t size, struct elf_image *elf);

/* Program header `index`, below elf->segment_count. */
Elf64_Phdr elf_segment(const struct elf_image *elf, unsigned index);

/* Section header `index`, below elf->section_count. Its offset and size are the file's claims. */
Elf64_Shdr elf_section(const struct elf_image *elf, unsigned index);

/* True when `section` has its bytes within the file: then they start at elf->bytes + sh_offset. */
bool elf_section_in_file(const struct elf_image *elf, const Elf64_Shdr *section);

/* True when the section's name is `name`. */
bool elf_section_is_named(const struct elf_image *elf, const Elf64_Shdr *section, const char *name);

/* Starts a walk over `size` bytes of notes at `offset`, which lie within the file. */
struct elf_notes elf_notes_at(const struct elf_image *elf, uint64_t offset, uint64_t size);

/* Fills *note with the next note, its descriptor cut to what is there. False at the end, or where a
 * note's name reaches past it. */
bool elf_next_note(struct elf_notes *notes, struct elf_note *note);

#endif
