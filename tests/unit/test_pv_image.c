/* sources: hypervisor/boot/elf.c hypervisor/boot/pv_image.c hypervisor/boot/pv_notes.c hypervisor/boot/pv_text.c hypervisor/lib/text.c */
#include <stddef.h>
#include <stdlib.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#include "boot/pv_image.h"
#include "check.h"
#include "elf_builder.h"
#include "lib/config.h"

#define BASE UINT64_C(0xffffffff80000000)
#define TEXT_PADDR UINT64_C(0x1000000)
#define ENTRY (BASE + TEXT_PADDR + 0x10)

/* A kernel's notes as a test wants them; what is left 0 or NULL is left out of the file. */
struct wish {
    bool is64;
    bool no_entry;
    uint64_t entry, virt_base, paddr_offset, paddr;
    const char *version, *loader, *features, *pae;
};

static const struct wish plain = {
    .is64 = true,
    .entry = ENTRY,
    .virt_base = BASE,
    .paddr = TEXT_PADDR,
    .version = "xen-3.0",
    .loader = "generic",
};

static struct elf_builder file;
static uint64_t notes_at;

static void put_number(uint32_t type, uint64_t number)
{
    builder_note(&file, type, &number, file.is64 ? 8 : 4);
}

static void put_string(uint32_t type, const char *string)
{
    if (string != NULL)
        builder_note(&file, type, string, (uint32_t)strlen(string) + 1);
}

static void begin(const struct wish *w)
{
    builder_start(&file, w->is64, w->entry);
    builder_segment(&file, PT_LOAD, BUILDER_DATA_AT, w->paddr, 16, 0x3000);
    builder_data(&file, "0123456789abcdef", 16);
    notes_at = file.size;
    if (!w->no_entry)
        put_number(XEN_ELFNOTE_ENTRY, w->entry);
    put_number(XEN_ELFNOTE_VIRT_BASE, w->virt_base);
    put_number(XEN_ELFNOTE_PADDR_OFFSET, w->paddr_offset);
    put_string(XEN_ELFNOTE_XEN_VERSION, w->version);
    put_string(XEN_ELFNOTE_LOADER, w->loader);
    put_string(XEN_ELFNOTE_FEATURES, w->features);
    put_string(XEN_ELFNOTE_PAE_MODE, w->pae);
}

/* Closes the notes with a PT_NOTE segment and parses a heap copy of exactly the file's size. */
static enum pv_result finish(struct pv_image *image)
{
    static uint8_t *copy;

    builder_segment(&file, PT_NOTE, notes_at, 0, file.size - notes_at, 0);
    free(copy);
    copy = malloc(file.size);
    memcpy(copy, file.bytes, file.size);
    return pv_image_parse(copy, file.size, image);
}

static enum pv_result parse(const struct wish *w, struct pv_image *image)
{
    begin(w);
    return finish(image);
}

static enum pv_result parse_with_number(uint32_t type, uint64_t number)
{
    struct pv_image image;

    begin(&plain);
    put_number(type, number);
    return finish(&image);
}

static void test_plain(void)
{
    struct pv_image image;
    struct pv_load load;
    unsigned cursor = 0;

    CHECK_EQ(parse(&plain, &image), PV_OK);
    CHECK_EQ(image.entry, ENTRY);
    CHECK_EQ(image.virt_base, BASE);
    CHECK_EQ(image.start, BASE + TEXT_PADDR);
    CHECK_EQ(image.end, BASE + TEXT_PADDR + 0x3000);
    CHECK(!image.has_hypercall_page && !image.has_init_p2m && !image.has_hv_start_low);
    CHECK(!image.mod_start_pfn && !image.suspend_cancel && !image.has_supported_features);
    CHECK_EQ(image.pae, PV_PAE_NO);

    CHECK(pv_image_next_load(&image, &cursor, &load));
    CHECK_EQ(load.offset, TEXT_PADDR);
    CHECK_EQ(load.file_size, 16);
    CHECK_EQ(load.mem_size, 0x3000);
    CHECK(memcmp(load.source, "0123456789abcdef", 16) == 0);
    CHECK(!pv_image_next_load(&image, &cursor, &load));
    CHECK(!pv_image_next_load(&image, &cursor, &load));
}

static void test_every_note(void)
{
    const uint64_t pair[] = {0x1, 0x3};
    struct pv_image image;

    begin(&plain);
    put_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + TEXT_PADDR + 0x1000);
    put_number(XEN_ELFNOTE_INIT_P2M, UINT64_C(0x8000000000));
    put_number(XEN_ELFNOTE_HV_START_LOW, HV_VIRT_START);
    put_number(XEN_ELFNOTE_PHYS32_ENTRY, 0x1000850);
    put_number(XEN_ELFNOTE_MOD_START_PFN, 1);
    put_number(XEN_ELFNOTE_SUSPEND_CANCEL, 1);
    builder_note(&file, XEN_ELFNOTE_L1_MFN_VALID, pair, sizeof(pair));
    uint32_t bits = 1u << XENFEAT_dom0;
    builder_note(&file, XEN_ELFNOTE_SUPPORTED_FEATURES, &bits, sizeof(bits));
    put_string(XEN_ELFNOTE_GUEST_OS, "a name of more than sixteen letters");
    put_string(XEN_ELFNOTE_GUEST_VERSION, "2.6");
    put_string(XEN_ELFNOTE_BSD_SYMTAB, "yes");
    CHECK_EQ(finish(&image), PV_OK);

    CHECK(image.has_hypercall_page && image.has_init_p2m && image.has_hv_start_low);
    CHECK_EQ(image.hypercall_page, BASE + TEXT_PADDR + 0x1000);
    CHECK_EQ(image.init_p2m, UINT64_C(0x8000000000));
    CHECK_EQ(image.hv_start_low, HV_VIRT_START);
    CHECK_EQ(image.phys32_entry, 0x1000850);
    CHECK(image.mod_start_pfn && image.suspend_cancel && image.has_supported_features);
    CHECK_EQ(image.l1_mfn_mask, 1);
    CHECK_EQ(image.l1_mfn_value, 3);
    CHECK_EQ(image.features_supported, 1u << XENFEAT_dom0);
    CHECK(strcmp(image.guest_os, "a name of more ") == 0);
    CHECK(strcmp(image.guest_version, "2.6") == 0);
}

static void test_bad_notes(void)
{
    static const uint32_t numeric[] = {
        XEN_ELFNOTE_ENTRY,          XEN_ELFNOTE_HYPERCALL_PAGE,     XEN_ELFNOTE_VIRT_BASE,
        XEN_ELFNOTE_PADDR_OFFSET,   XEN_ELFNOTE_HV_START_LOW,       XEN_ELFNOTE_L1_MFN_VALID,
        XEN_ELFNOTE_SUSPEND_CANCEL, XEN_ELFNOTE_INIT_P2M,           XEN_ELFNOTE_MOD_START_PFN,
        XEN_ELFNOTE_PHYS32_ENTRY,   XEN_ELFNOTE_SUPPORTED_FEATURES,
    };
    struct pv_image image;

    for (size_t i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++) {
        begin(&plain);
        builder_note(&file, numeric[i], "abc", 3);
        CHECK_EQ(finish(&image), PV_BAD_NOTE);
    }

    /* Another owner's note of the same type does not count. */
    begin(&plain);
    uint64_t at = builder_note(&file, XEN_ELFNOTE_ENTRY, "abc", 3);
    memcpy(file.bytes + at + sizeof(Elf64_Nhdr), "GNU", 4);
    CHECK_EQ(finish(&image), PV_OK);
}

static enum pv_result parse_features(const char *features, struct pv_image *image)
{
    struct wish w = plain;

    w.features = features;
    return parse(&w, image);
}

static void test_features(void)
{
    const uint32_t writable = 1u << XENFEAT_writable_page_tables;
    const uint32_t above_4gb = 1u << XENFEAT_pae_pgdir_above_4gb;
    struct pv_image image;

    CHECK_EQ(parse_features("!writable_page_tables|pae_pgdir_above_4gb", &image), PV_OK);
    CHECK_EQ(image.features_required, writable);
    CHECK_EQ(image.features_supported, writable | above_4gb);

    CHECK_EQ(parse_features("", &image), PV_OK);
    CHECK_EQ(parse_features("|||", &image), PV_OK);
    CHECK_EQ(parse_features("writable_page_table|writable_page_tablesx", &image), PV_OK);
    CHECK_EQ(image.features_supported, 0);
    CHECK_EQ(parse_features("never_heard_of|pae_pgdir_above_4gb", &image), PV_OK);
    CHECK_EQ(image.features_supported, above_4gb);
    CHECK_EQ(parse_features("!never_heard_of", &image), PV_UNKNOWN_FEATURE);
    CHECK_EQ(parse_features("!", &image), PV_UNKNOWN_FEATURE);

    /* Linux's list has no NUL at its end. */
    begin(&plain);
    builder_note(&file, XEN_ELFNOTE_FEATURES, "!writable_page_tables", 21);
    CHECK_EQ(finish(&image), PV_OK);
    CHECK_EQ(image.features_required, writable);
}

static void test_pae(void)
{
    static const struct {
        const char *text;
        enum pv_pae pae;
        bool extended;
    } cases[] = {
        {"yes", PV_PAE_YES, true},
        {"no", PV_PAE_NO, false},
        {"bimodal", PV_PAE_BIMODAL, false},
        {"yes,bimodal", PV_PAE_BIMODAL, false},
        {"yes,bimodal,extended-cr3", PV_PAE_BIMODAL, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wish w = plain;
        struct pv_image image;

        w.pae = cases[i].text;
        CHECK_EQ(parse(&w, &image), PV_OK);
        CHECK_EQ(image.pae, cases[i].pae);
        CHECK_EQ(image.pae_extended_cr3, cases[i].extended);
    }
}

static void test_identity(void)
{
    struct wish w = plain;
    struct pv_image image;

    w.version = "xen-2.0";
    CHECK_EQ(parse(&w, &image), PV_WRONG_VERSION);
    w.version = NULL;
    CHECK_EQ(parse(&w, &image), PV_WRONG_VERSION);
    w = plain;
    w.loader = "special";
    CHECK_EQ(parse(&w, &image), PV_WRONG_LOADER);
    w.loader = NULL;
    CHECK_EQ(parse(&w, &image), PV_OK);

    /* Without an entry note the ELF header's counts, unless the kernel is for PVH. */
    w = plain;
    w.no_entry = true;
    CHECK_EQ(parse(&w, &image), PV_OK);
    CHECK_EQ(image.entry, ENTRY);
    begin(&w);
    put_number(XEN_ELFNOTE_PHYS32_ENTRY, 0x1000);
    CHECK_EQ(finish(&image), PV_PVH_ONLY);

    builder_start(&file, true, 0);
    builder_segment(&file, PT_LOAD, 0, 0, 16, 16);
    CHECK_EQ(pv_image_parse(file.bytes, file.size, &image), PV_NO_NOTES);
    CHECK_EQ(pv_image_parse("MZ", 2, &image), PV_BAD_ELF);
    CHECK_EQ(image.elf_error, ELF_NOT_ELF);
}

static void test_places(void)
{
    struct wish w = plain;
    struct pv_image image;

    w.entry = BASE + TEXT_PADDR + 0x3000;
    CHECK_EQ(parse(&w, &image), PV_BAD_ENTRY);
    w.entry = BASE + TEXT_PADDR - 1;
    CHECK_EQ(parse(&w, &image), PV_BAD_ENTRY);

    w = plain;
    w.virt_base += 1;
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);
    w.virt_base = HV_VIRT_START;
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);
    w.virt_base = HV_VIRT_START - 0x1000;
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);
    w.virt_base = HV_VIRT_END;
    w.entry = HV_VIRT_END + TEXT_PADDR;
    CHECK_EQ(parse(&w, &image), PV_OK);
    w.virt_base = -UINT64_C(0x1000000);
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);

    w = plain;
    w.paddr_offset = TEXT_PADDR + 1;
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);
    w.paddr_offset = TEXT_PADDR;
    w.entry = BASE;
    CHECK_EQ(parse(&w, &image), PV_OK);
    CHECK_EQ(image.start, BASE);

    CHECK_EQ(parse_with_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + TEXT_PADDR + 0x2000), PV_OK);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + TEXT_PADDR + 0x3000),
             PV_BAD_HYPERCALL_PAGE);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + TEXT_PADDR + 8),
             PV_BAD_HYPERCALL_PAGE);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE), PV_BAD_HYPERCALL_PAGE);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_INIT_P2M, BASE + TEXT_PADDR), PV_BAD_INIT_P2M);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_INIT_P2M, HV_VIRT_START), PV_BAD_INIT_P2M);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_INIT_P2M, UINT64_MAX - 0xfff), PV_BAD_INIT_P2M);
    CHECK_EQ(parse_with_number(XEN_ELFNOTE_INIT_P2M, 0x1234), PV_BAD_INIT_P2M);
}

static void test_nothing_to_load(void)
{
    struct pv_image image;

    builder_start(&file, true, 0);
    notes_at = file.size;
    put_string(XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    CHECK_EQ(finish(&image), PV_NOTHING_TO_LOAD);
}

/* As GRUB's 32-bit PV image has it: everything at address 0, and the notes' numbers are words. */
static void test_32bit(void)
{
    struct wish w = {.version = "xen-3.0", .loader = "generic", .pae = "yes,bimodal"};
    struct pv_image image;

    begin(&w);
    put_number(XEN_ELFNOTE_HYPERCALL_PAGE, 0);
    put_number(XEN_ELFNOTE_HV_START_LOW, 0xfc000000);
    CHECK_EQ(finish(&image), PV_OK);
    CHECK(!image.is64);
    CHECK_EQ(image.entry, 0);
    CHECK(image.has_hypercall_page);
    CHECK_EQ(image.hypercall_page, 0);
    CHECK_EQ(image.hv_start_low, 0xfc000000);

    w.virt_base = 0xfffff000;
    w.entry = 0xfffff000;
    CHECK_EQ(parse(&w, &image), PV_BAD_PLACE);
}

/* Notes only in a section, as in a file that was linked without a PT_NOTE segment. */
static void test_section_notes(bool is64)
{
    struct wish w = plain;
    struct pv_image image;

    w.is64 = is64;
    w.virt_base = is64 ? BASE : 0xc0000000;
    w.entry = w.virt_base + TEXT_PADDR;
    begin(&w);
    builder_section(&file, 0, SHT_NOTE, notes_at, file.size - notes_at);
    CHECK_EQ(pv_image_parse(file.bytes, file.size, &image), PV_OK);
    CHECK_EQ(image.entry, w.entry);
}

static enum pv_result parse_legacy(const char *text, struct pv_image *image)
{
    static const char names[] = "\0__xen_guest";

    builder_start(&file, false, 0xc0100000);
    builder_segment(&file, PT_LOAD, BUILDER_DATA_AT, 0xc0100000, 0, 0x3000);
    uint64_t names_at = builder_data(&file, names, sizeof(names));
    uint64_t text_at = builder_data(&file, text, strlen(text));
    builder_section(&file, 0, SHT_STRTAB, names_at, sizeof(names));
    builder_section(&file, 1, SHT_PROGBITS, text_at, strlen(text));
    return pv_image_parse(file.bytes, file.size, image);
}

static void test_legacy(void)
{
    struct pv_image image;

    CHECK_EQ(
        parse_legacy("GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,"
                     "HYPERCALL_PAGE=0x101,LOADER=generic,PAE=yes[extended-cr3],"
                     "FEATURES=!writable_page_tables|pae_pgdir_above_4gb,HV_START_LOW=0xF5800000",
                     &image),
        PV_OK);
    CHECK_EQ(image.virt_base, 0xc0000000);
    CHECK_EQ(image.paddr_offset, 0xc0000000);
    CHECK_EQ(image.start, 0xc0100000);
    CHECK_EQ(image.entry, 0xc0100000);
    CHECK_EQ(image.hypercall_page, 0xc0101000);
    CHECK_EQ(image.hv_start_low, 0xf5800000);
    CHECK_EQ(image.pae, PV_PAE_YES);
    CHECK(image.pae_extended_cr3);
    CHECK_EQ(image.features_required, 1);
    CHECK(strcmp(image.guest_os, "linux") == 0);

    CHECK_EQ(parse_legacy("XEN_VER=xen-3.0,VIRT_BASE=0xC0000000,ELF_PADDR_OFFSET=0xC0100000,"
                          "VIRT_ENTRY=0xC0000010",
                          &image),
             PV_OK);
    CHECK_EQ(image.start, 0xc0000000);
    CHECK_EQ(image.entry, 0xc0000010);
    CHECK_EQ(parse_legacy("XEN_VER=xen-3.0,VIRT_BASE=0xC0000000z", &image), PV_BAD_NOTE);
    CHECK_EQ(parse_legacy("XEN_VER=xen-3.0,VIRT_BASE=", &image), PV_BAD_NOTE);
    CHECK_EQ(parse_legacy(",,=,=,", &image), PV_WRONG_VERSION);
}

int main(void)
{
    test_plain();
    test_every_note();
    test_bad_notes();
    test_features();
    test_pae();
    test_identity();
    test_places();
    test_nothing_to_load();
    test_32bit();
    test_section_notes(true);
    test_section_notes(false);
    test_legacy();
    for (int i = PV_OK; i <= PV_BAD_INIT_P2M; i++)
        CHECK(strcmp(pv_message((enum pv_result)i), "unknown error") != 0);
    return check_report();
}
