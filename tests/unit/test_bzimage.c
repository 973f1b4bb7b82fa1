/* sources: hypervisor/boot/bzimage.c hypervisor/boot/elf.c hypervisor/boot/pv_image.c hypervisor/boot/pv_notes.c hypervisor/boot/pv_text.c hypervisor/unpack/unpack.c hypervisor/unpack/arena.c hypervisor/unpack/gzip.c hypervisor/unpack/xz.c hypervisor/unpack/zstd.c hypervisor/unpack/lz4.c hypervisor/lib/text.c */
/* libs: -llzma -lzstd -llz4 -lz */
/* Without arguments: bzImages made here. With arguments: each names a real kernel besides, which is
 * unpacked and parsed. */
#include <asm/bootparam.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "boot/bzimage.h"
#include "boot/pv_image.h"
#include "check.h"

#define HEADER_AT offsetof(struct boot_params, hdr)
#define SETUP_SECTORS 7
#define PAYLOAD_OFFSET 0x2cc
#define PAYLOAD_AT ((SETUP_SECTORS + 1) * 512 + PAYLOAD_OFFSET)
#define KERNEL_SIZE 100000

struct image {
    uint8_t *bytes;
    size_t size;
};

static struct setup_header good_header(size_t payload_size)
{
    return (struct setup_header){
        .setup_sects = SETUP_SECTORS,
        .boot_flag = 0xaa55,
        .header = 0x53726448,
        .version = 0x020f,
        .payload_offset = PAYLOAD_OFFSET,
        .payload_length = (uint32_t)payload_size,
    };
}

/* A bzImage in a heap block of exactly its size. */
static struct image wrap(const void *payload, size_t size)
{
    struct image image = {.size = PAYLOAD_AT + size};
    struct setup_header header = good_header(size);

    image.bytes = calloc(1, image.size);
    memcpy(image.bytes + HEADER_AT, &header, sizeof(header));
    memcpy(image.bytes + PAYLOAD_AT, payload, size);
    return image;
}

static enum bzimage_result find_with(const struct setup_header *header, size_t size)
{
    struct image image = wrap("\x1f\x8b......", 8);
    struct payload payload;

    memcpy(image.bytes + HEADER_AT, header, sizeof(*header));
    image.bytes = realloc(image.bytes, size);
    enum bzimage_result result = bzimage_payload(image.bytes, size, &payload);
    free(image.bytes);
    return result;
}

static void test_header(void)
{
    const size_t size = PAYLOAD_AT + 8;
    struct setup_header header = good_header(8);
    CHECK_EQ(find_with(&header, size), BZIMAGE_OK);
    CHECK_EQ(find_with(&header, size - 1), BZIMAGE_TRUNCATED);
    CHECK_EQ(find_with(&header, HEADER_AT + 8), BZIMAGE_NOT_A_KERNEL);
    CHECK_EQ(find_with(&header, 1), BZIMAGE_NOT_A_KERNEL);

    header.version = 0x0207;
    CHECK_EQ(find_with(&header, size), BZIMAGE_OLD_PROTOCOL);
    header = good_header(8);
    header.header++;
    CHECK_EQ(find_with(&header, size), BZIMAGE_NOT_A_KERNEL);
    header = good_header(8);
    header.boot_flag = 0;
    CHECK_EQ(find_with(&header, size), BZIMAGE_NOT_A_KERNEL);
    header = good_header(UINT32_MAX);
    CHECK_EQ(find_with(&header, size), BZIMAGE_TRUNCATED);
    header = good_header(8);
    header.payload_offset = UINT32_MAX;
    CHECK_EQ(find_with(&header, size), BZIMAGE_TRUNCATED);
    header = good_header(8);
    header.payload_offset -= 1;
    CHECK_EQ(find_with(&header, size), BZIMAGE_UNKNOWN_FORMAT);
    header = good_header(0);
    CHECK_EQ(find_with(&header, size), BZIMAGE_UNKNOWN_FORMAT);

    /* Zero setup sectors stand for four. */
    header = good_header(8);
    header.setup_sects = 0;
    header.payload_offset += (SETUP_SECTORS - 4) * 512;
    CHECK_EQ(find_with(&header, size), BZIMAGE_OK);
}

/* Magic numbers with nothing behind them: short payloads must not be read past their end. */
static void test_formats(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        enum bzimage_result result;
        enum payload_format format;
        size_t stream;
    } cases[] = {
        {"\x7f"
         "ELF",
         4, BZIMAGE_OK, PAYLOAD_ELF, 4},
        {"\x1f\x8b", 2, BZIMAGE_TRUNCATED, PAYLOAD_UNKNOWN, 0},
        {"\x1f\x8b\x08\x01\x02\x03", 6, BZIMAGE_OK, PAYLOAD_GZIP, 6},
        {"\xfd"
         "7zXZ\0\x01\x02\x03\x04",
         10, BZIMAGE_OK, PAYLOAD_XZ, 6},
        {"\x28\xb5\x2f\xfd\x01\x02\x03\x04", 8, BZIMAGE_OK, PAYLOAD_ZSTD, 4},
        {"\x02\x21\x4c\x18\x01\x02\x03\x04", 8, BZIMAGE_OK, PAYLOAD_LZ4, 4},
        {"\x5d\0\0\0", 4, BZIMAGE_UNKNOWN_FORMAT, PAYLOAD_UNKNOWN, 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct image image = wrap(cases[i].bytes, cases[i].size);
        struct payload payload = {.format = PAYLOAD_UNKNOWN};

        CHECK_EQ(bzimage_payload(image.bytes, image.size, &payload), cases[i].result);
        CHECK_EQ(payload.format, cases[i].format);
        CHECK_EQ(payload.size, cases[i].stream);
        free(image.bytes);
    }

    struct payload payload;
    CHECK_EQ(bzimage_payload("\x7f"
                             "ELF",
                             4, &payload),
             BZIMAGE_OK);
    CHECK_EQ(payload.format, PAYLOAD_ELF);
    CHECK_EQ(payload.unpacked_size, 4);
}

/* There and back by gzip; the other formats' streams are test_unpack's. */
static void test_unpack(void)
{
    static uint8_t kernel[KERNEL_SIZE], packed[KERNEL_SIZE], out[KERNEL_SIZE], memory[1 << 18];
    z_stream stream = {.next_in = kernel, .avail_in = KERNEL_SIZE};
    struct arena arena = arena_over(memory, sizeof(memory));
    struct payload payload;

    for (size_t i = 0; i < KERNEL_SIZE; i++)
        kernel[i] = (uint8_t)(i * i >> 8);
    stream.next_out = packed;
    stream.avail_out = sizeof(packed);
    deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&stream, Z_FINISH);
    deflateEnd(&stream);

    struct image image = wrap(packed, stream.total_out);
    CHECK_EQ(bzimage_payload(image.bytes, image.size, &payload), BZIMAGE_OK);
    CHECK_EQ(payload.unpacked_size, KERNEL_SIZE);
    CHECK_EQ(bzimage_unpack(&payload, out, &arena), UNPACK_OK);
    CHECK(memcmp(out, kernel, KERNEL_SIZE) == 0);
    CHECK_EQ(arena.used, 0);
    payload.unpacked_size--;
    CHECK_EQ(bzimage_unpack(&payload, out, &arena), UNPACK_NO_ROOM);
    free(image.bytes);
}

static struct image read_file(const char *path)
{
    struct image image = {0};
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return image;
    fseek(file, 0, SEEK_END);
    image.size = (size_t)ftell(file);
    rewind(file);
    image.bytes = malloc(image.size);
    if (fread(image.bytes, 1, image.size, file) != image.size)
        image.size = 0;
    fclose(file);
    return image;
}

static void print_image(const char *path, const struct pv_image *image)
{
    printf("%s: %s %s %s, %u bit\n", path, image->guest_os, image->guest_version,
           image->xen_version, image->is64 ? 64 : 32);
    printf("  entry %#lx, base %#lx - %#lx, memory [%#lx, %#lx)\n", image->entry, image->virt_base,
           image->paddr_offset, image->start, image->end);
    printf("  hypercall page %d %#lx, p2m %d %#lx, hv_start_low %d %#lx, phys32 %d %#lx\n",
           image->has_hypercall_page, image->hypercall_page, image->has_init_p2m, image->init_p2m,
           image->has_hv_start_low, image->hv_start_low, image->has_phys32_entry,
           image->phys32_entry);
    printf("  features required %#x supported %#x (note %d), pae %d extended %d, "
           "mod_start_pfn %d, suspend_cancel %d, l1 valid %d %#lx/%#lx\n",
           image->features_required, image->features_supported, image->has_supported_features,
           image->pae, image->pae_extended_cr3, image->mod_start_pfn, image->suspend_cancel,
           image->has_l1_mfn_valid, image->l1_mfn_mask, image->l1_mfn_value);

    struct pv_load load;
    for (unsigned cursor = 0; pv_image_next_load(image, &cursor, &load);)
        printf("  load %#lx file %#lx memory %#lx\n", load.offset, load.file_size, load.mem_size);
}

/* Unpacks and parses a kernel from a distribution. */
static void test_file(const char *path)
{
    struct image file = read_file(path);
    struct payload payload = {0};
    struct pv_image image;

    CHECK_EQ(bzimage_payload(file.bytes, file.size, &payload), BZIMAGE_OK);
    const uint8_t *kernel = payload.data;
    uint8_t *unpacked = NULL, *memory = NULL;

    if (payload.format != PAYLOAD_ELF) {
        size_t need =
            unpack_arena_size(payload.format, payload.data, payload.size, payload.unpacked_size);
        memory = malloc(need != 0 ? need : 1);
        struct arena arena = arena_over(memory, need);

        kernel = unpacked = malloc(payload.unpacked_size);
        printf("%s: %s, %zu to %zu bytes, arena %zu\n", path, payload_format_name(payload.format),
               payload.size, payload.unpacked_size, need);
        CHECK_EQ(bzimage_unpack(&payload, unpacked, &arena), UNPACK_OK);
    }

    enum pv_result result = pv_image_parse(kernel, payload.unpacked_size, &image);
    CHECK_EQ(result, PV_OK);
    if (result == PV_OK)
        print_image(path, &image);
    else
        printf("%s: %s, %s\n", path, pv_message(result), elf_message(image.elf_error));
    free(memory);
    free(unpacked);
    free(file.bytes);
}

int main(int argc, char **argv)
{
    test_header();
    test_formats();
    test_unpack();
    for (int i = BZIMAGE_OK; i <= BZIMAGE_UNKNOWN_FORMAT; i++)
        CHECK(strcmp(bzimage_message((enum bzimage_result)i), "unknown error") != 0);
    for (int i = 1; i < argc; i++)
        test_file(argv[i]);
    return check_report();
}
