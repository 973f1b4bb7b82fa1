/* sources: hypervisor/boot/elf.c */
#include <stddef.h>
#include <stdlib.h>

#include "boot/elf.h"
#include "check.h"
#include "elf_builder.h"

/* Parses a copy in a heap block of exactly `size` bytes, so that ASan sees one byte too many. */
static enum elf_result parse_exactly(const struct elf_builder *b, size_t size)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    struct elf_image elf;

    memcpy(copy, b->bytes, size);
    enum elf_result result = elf_parse(copy, size, &elf);
    free(copy);
    return result;
}

static void build(struct elf_builder *b, bool is64)
{
    builder_start(b, is64, 0x1234);
    uint64_t at = builder_data(b, "text", 4);
    builder_segment(b, PT_LOAD, at, 0x100000, 4, 0x2000);
    builder_segment(b, PT_NOTE, at, 0, 4, 4);
}

static void test_good(bool is64)
{
    struct elf_builder b;
    struct elf_image elf;

    build(&b, is64);
    CHECK_EQ(elf_parse(b.bytes, b.size, &elf), ELF_OK);
    CHECK_EQ(elf.is64, is64);
    CHECK_EQ(elf.entry, 0x1234);
    CHECK_EQ(elf.segment_count, 2);

    Elf64_Phdr segment = elf_segment(&elf, 0);
    CHECK_EQ(segment.p_type, PT_LOAD);
    CHECK_EQ(segment.p_paddr, 0x100000);
    CHECK_EQ(segment.p_filesz, 4);
    CHECK_EQ(segment.p_memsz, 0x2000);
    CHECK_EQ(elf_segment(&elf, 1).p_type, PT_NOTE);
}

/* Every shorter file is refused, whatever is missing from it. */
static void test_every_length(bool is64)
{
    struct elf_builder b;
    unsigned accepted = 0;

    build(&b, is64);
    for (size_t size = 0; size < b.size; size++)
        accepted += parse_exactly(&b, size) == ELF_OK;
    CHECK_EQ(accepted, 0);
    CHECK_EQ(parse_exactly(&b, b.size), ELF_OK);
    CHECK_EQ(parse_exactly(&b, 3), ELF_NOT_ELF);
    CHECK_EQ(parse_exactly(&b, b.size - 1), ELF_TRUNCATED);
}

static enum elf_result parse_with_byte(size_t at, uint8_t value)
{
    struct elf_builder b;

    build(&b, true);
    b.bytes[at] = value;
    return parse_exactly(&b, b.size);
}

static void test_header(void)
{
    CHECK_EQ(parse_with_byte(0, 'E'), ELF_NOT_ELF);
    CHECK_EQ(parse_with_byte(EI_CLASS, 3), ELF_WRONG_MACHINE);
    CHECK_EQ(parse_with_byte(EI_DATA, ELFDATA2MSB), ELF_WRONG_MACHINE);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_machine), EM_386), ELF_WRONG_MACHINE);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_type), ET_REL), ELF_WRONG_TYPE);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_type), ET_DYN), ELF_OK);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_phnum), 0), ELF_BAD_HEADER);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_phentsize), 32), ELF_BAD_HEADER);
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_phoff) + 7, 0xff), ELF_TRUNCATED);
    /* A section table out of bounds only takes the sections away. */
    CHECK_EQ(parse_with_byte(offsetof(Elf64_Ehdr, e_shoff) + 7, 0xff), ELF_OK);
}

static enum elf_result parse_segment(uint64_t offset, uint64_t paddr, uint64_t filesz,
                                     uint64_t memsz)
{
    struct elf_builder b;

    build(&b, true);
    builder_segment(&b, PT_LOAD, offset, paddr, filesz, memsz);
    return parse_exactly(&b, b.size);
}

static void test_segments(void)
{
    CHECK_EQ(parse_segment(0, 0, 0, 0), ELF_OK);
    CHECK_EQ(parse_segment(0, 0, 16, 16), ELF_OK);
    CHECK_EQ(parse_segment(0, 0, 17, 16), ELF_BAD_SEGMENT);
    CHECK_EQ(parse_segment(0, 0, BUILDER_MAX_SIZE, BUILDER_MAX_SIZE), ELF_TRUNCATED);
    CHECK_EQ(parse_segment(UINT64_MAX, 0, 1, 1), ELF_TRUNCATED);
    CHECK_EQ(parse_segment(1, 0, UINT64_MAX, UINT64_MAX), ELF_TRUNCATED);
    CHECK_EQ(parse_segment(0, UINT64_MAX, 0, 1), ELF_BAD_SEGMENT);
    CHECK_EQ(parse_segment(0, UINT64_MAX - 1, 0, 1), ELF_OK);
}

static void test_sections(bool is64)
{
    static const char names[] = "\0one\0two";
    struct elf_builder b;
    struct elf_image elf;

    build(&b, is64);
    uint64_t at = builder_data(&b, names, sizeof(names));
    builder_section(&b, 0, SHT_STRTAB, at, sizeof(names));
    builder_section(&b, 1, SHT_PROGBITS, at, 4);
    builder_section(&b, 5, SHT_NOBITS, at, 4);
    builder_section(&b, 0x1000, SHT_PROGBITS, 0x7fffffff, 4);
    CHECK_EQ(elf_parse(b.bytes, b.size, &elf), ELF_OK);
    CHECK_EQ(elf.section_count, 4);

    Elf64_Shdr one = elf_section(&elf, 1), two = elf_section(&elf, 2), bad = elf_section(&elf, 3);
    CHECK(elf_section_is_named(&elf, &one, "one"));
    CHECK(!elf_section_is_named(&elf, &one, "on"));
    CHECK(!elf_section_is_named(&elf, &one, "one, but longer than the table"));
    CHECK(elf_section_is_named(&elf, &two, "two"));
    CHECK(!elf_section_is_named(&elf, &bad, "one"));
    CHECK(elf_section_in_file(&elf, &one));
    CHECK(!elf_section_in_file(&elf, &two));
    CHECK(!elf_section_in_file(&elf, &bad));
    elf.names_section = 4;
    CHECK(!elf_section_is_named(&elf, &one, "one"));
}

static void test_notes(void)
{
    struct elf_builder b;
    struct elf_image elf;
    struct elf_note note;

    build(&b, true);
    size_t start = b.size;
    builder_note(&b, 7, "abc", 3);
    builder_note(&b, 8, "", 0);
    size_t size = b.size - start;
    CHECK_EQ(elf_parse(b.bytes, b.size, &elf), ELF_OK);

    struct elf_notes notes = elf_notes_at(&elf, start, size);
    CHECK(elf_next_note(&notes, &note));
    CHECK_EQ(note.type, 7);
    CHECK_EQ(note.desc_size, 3);
    CHECK(memcmp(note.desc, "abc", 3) == 0);
    CHECK(elf_next_note(&notes, &note));
    CHECK_EQ(note.type, 8);
    CHECK(!elf_next_note(&notes, &note));

    /* Without the last padding, then without the last byte. */
    notes = elf_notes_at(&elf, start, sizeof(Elf64_Nhdr) + 4 + 3);
    CHECK(elf_next_note(&notes, &note));
    CHECK(!elf_next_note(&notes, &note));
    notes = elf_notes_at(&elf, start, sizeof(Elf64_Nhdr) + 4 + 2);
    CHECK(elf_next_note(&notes, &note));
    CHECK_EQ(note.desc_size, 2);
    CHECK(!elf_next_note(&notes, &note));
    notes = elf_notes_at(&elf, start, sizeof(Elf64_Nhdr) + 3);
    CHECK(!elf_next_note(&notes, &note));

    uint32_t huge = UINT32_MAX;
    memcpy(b.bytes + start, &huge, sizeof(huge));
    notes = elf_notes_at(&elf, start, size);
    CHECK(!elf_next_note(&notes, &note));
}

int main(void)
{
    test_good(true);
    test_good(false);
    test_every_length(true);
    test_every_length(false);
    test_header();
    test_segments();
    test_sections(true);
    test_sections(false);
    test_notes();
    for (int i = ELF_OK; i <= ELF_BAD_SEGMENT; i++)
        CHECK(strcmp(elf_message((enum elf_result)i), "unknown error") != 0);
    return check_report();
}
