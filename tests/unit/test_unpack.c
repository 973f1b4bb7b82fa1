/* sources: hypervisor/unpack/unpack.c hypervisor/unpack/arena.c hypervisor/unpack/gzip.c hypervisor/unpack/xz.c hypervisor/unpack/zstd.c hypervisor/unpack/lz4.c */
/* libs: -llzma -lzstd -llz4 -lz */
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "check.h"
#include "unpack/unpack.h"

/* Over two of lz4's blocks, and long enough for far matches. */
#define BIG_SIZE (20u << 20)
#define SMALL_SIZE 3000u
#define LZ4_BLOCK (8u << 20)

struct stream {
    enum payload_format format;
    uint8_t *bytes;
    size_t size;
};

static uint8_t *original; /* BIG_SIZE bytes */

/* Something between noise and code: runs of words with repeats at growing distances. */
static void make_original(void)
{
    uint32_t state = 1;

    original = malloc(BIG_SIZE);
    for (size_t i = 0; i < BIG_SIZE; i++) {
        state = state * 1664525 + 1013904223;
        bool copy = i > 4096 && (i >> 6) % 5 != 0;
        original[i] = copy ? original[i - 4096 + (i >> 18)] : (uint8_t)(state >> 24);
        if (i % 61 == 0)
            original[i] = 0xe8; /* what the x86 filter looks for: calls */
    }
}

static struct stream make_gzip(size_t size)
{
    struct stream s = {PAYLOAD_GZIP, malloc(size + 4096), 0};
    z_stream z = {.next_in = original, .avail_in = (uInt)size};

    z.next_out = s.bytes;
    z.avail_out = (uInt)size + 4096;
    deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    s.size = z.total_out;
    deflateEnd(&z);
    return s;
}

/* One stream of `blocks` blocks with an x86 filter, as the Linux build makes it. */
static struct stream make_xz(size_t size, lzma_check check, uint32_t dictionary, unsigned blocks)
{
    struct stream s = {PAYLOAD_XZ, malloc(size + 65536), 0};
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_options_lzma options;

    lzma_lzma_preset(&options, 0);
    options.dict_size = dictionary;
    lzma_filter filters[] = {
        {LZMA_FILTER_X86, NULL}, {LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    CHECK_EQ(lzma_stream_encoder(&z, filters, check), LZMA_OK);
    z.next_in = original;
    z.next_out = s.bytes;
    z.avail_out = size + 65536;
    for (unsigned i = 1; i <= blocks; i++) {
        z.avail_in = size * i / blocks - z.total_in;
        lzma_ret status;
        do
            status = lzma_code(&z, i < blocks ? LZMA_FULL_FLUSH : LZMA_FINISH);
        while (status == LZMA_OK);
        CHECK_EQ(status, LZMA_STREAM_END);
    }
    s.size = z.total_out;
    lzma_end(&z);
    return s;
}

static struct stream make_zstd(size_t size, int level, int window_log)
{
    size_t bound = ZSTD_compressBound(size);
    struct stream s = {PAYLOAD_ZSTD, malloc(bound), 0};
    ZSTD_CCtx *context = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (window_log != 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    s.size = ZSTD_compress2(context, s.bytes, bound, original, size);
    CHECK(!ZSTD_isError(s.size));
    ZSTD_freeCCtx(context);
    return s;
}

static void put_word(struct stream *s, uint32_t word)
{
    memcpy(s->bytes + s->size, &word, sizeof(word));
    s->size += sizeof(word);
}

static struct stream make_lz4(size_t size)
{
    struct stream s = {PAYLOAD_LZ4, malloc((size_t)LZ4_compressBound((int)size) + 4096), 0};

    put_word(&s, 0x184c2102);
    for (size_t at = 0; at < size; at += LZ4_BLOCK) {
        int part = (int)MIN(size - at, LZ4_BLOCK);
        int made = LZ4_compress_default((char *)original + at, (char *)s.bytes + s.size + 4, part,
                                        LZ4_compressBound(part));
        put_word(&s, (uint32_t)made);
        s.size += (size_t)made;
    }
    return s;
}

/* Unpacks a copy of the first `size` bytes; all buffers are exactly as large as promised, so that
 * ASan sees any step outside them. */
static enum unpack_result unpack_exactly(const struct stream *s, size_t size, size_t room,
                                         size_t *made)
{
    uint8_t *in = malloc(size), *out = malloc(room != 0 ? room : 1);
    size_t need = unpack_arena_size(s->format, s->bytes, s->size, room);
    uint8_t *memory = malloc(need + 1);
    struct arena arena = arena_over(memory + 1, need); /* unaligned on purpose */

    memcpy(in, s->bytes, size);
    enum unpack_result result = unpack(s->format, in, size, out, room, made, &arena);
    if (result == UNPACK_OK)
        CHECK(*made <= room && memcmp(out, original, *made) == 0);
    CHECK_EQ(arena.used, 0);
    free(memory);
    free(out);
    free(in);
    return result;
}

static void check_whole(struct stream s, size_t size)
{
    size_t made = 0;

    CHECK_EQ(payload_format_of(s.bytes, s.size), s.format);
    CHECK_EQ(unpack_exactly(&s, s.size, size, &made), UNPACK_OK);
    CHECK_EQ(made, size);
    free(s.bytes);
}

static void test_big(void)
{
    check_whole(make_gzip(BIG_SIZE), BIG_SIZE);
    check_whole(make_lz4(BIG_SIZE), BIG_SIZE);
    check_whole(make_zstd(BIG_SIZE, 3, 0), BIG_SIZE);
    check_whole(make_zstd(BIG_SIZE, 3, 27), BIG_SIZE);
    check_whole(make_xz(BIG_SIZE, LZMA_CHECK_CRC32, 1u << 20, 1), BIG_SIZE);
    check_whole(make_xz(BIG_SIZE, LZMA_CHECK_CRC32, 1u << 20, 3), BIG_SIZE);
    check_whole(make_xz(BIG_SIZE, LZMA_CHECK_CRC32, 32u << 20, 1), BIG_SIZE);
}

static void test_checks(void)
{
    check_whole(make_xz(SMALL_SIZE, LZMA_CHECK_NONE, 4096, 1), SMALL_SIZE);
    check_whole(make_xz(SMALL_SIZE, LZMA_CHECK_CRC64, 4096, 1), SMALL_SIZE);
    check_whole(make_xz(SMALL_SIZE, LZMA_CHECK_SHA256, 4096, 2), SMALL_SIZE);
}

/* A header may ask for a dictionary far above what the output can use. */
static void test_xz_arena(void)
{
    struct stream s = make_xz(SMALL_SIZE, LZMA_CHECK_CRC32, 512u << 20, 1);
    size_t made;

    CHECK(unpack_arena_size(s.format, s.bytes, s.size, SMALL_SIZE) < 300 * 1024);
    CHECK_EQ(unpack_exactly(&s, s.size, SMALL_SIZE, &made), UNPACK_OK);

    uint8_t out[SMALL_SIZE], memory[4096];
    struct arena arena = arena_over(memory, sizeof(memory));
    CHECK_EQ(unpack(s.format, s.bytes, s.size, out, sizeof(out), &made, &arena), UNPACK_NO_MEMORY);
    free(s.bytes);
}

/* Cuts at every length, flips every byte, and gives too little room: refused or right, never a
 * crash. Only formats with a checksum must notice every flip, and only in what it covers. */
static void test_damage(struct stream s, bool has_checksum)
{
    size_t made, undetected = 0, cut_accepted = 0;

    for (size_t size = 1; size < s.size; size++)
        if (unpack_exactly(&s, size, SMALL_SIZE, &made) == UNPACK_OK && made == SMALL_SIZE)
            cut_accepted++;
    /* Only what follows the data (xz's index and footer) may be missing. */
    CHECK(cut_accepted <= (s.format == PAYLOAD_XZ ? 64u : 0u));

    uint8_t out[SMALL_SIZE];
    size_t need = unpack_arena_size(s.format, s.bytes, s.size, SMALL_SIZE);
    uint8_t *memory = malloc(need + 1);
    for (size_t at = 0; at < s.size; at++) {
        struct arena arena = arena_over(memory, need);
        s.bytes[at] ^= 0x10;
        enum unpack_result result =
            unpack(s.format, s.bytes, s.size, out, SMALL_SIZE, &made, &arena);
        if (result == UNPACK_OK && made == SMALL_SIZE && memcmp(out, original, made) != 0)
            undetected++;
        s.bytes[at] ^= 0x10;
    }
    if (has_checksum)
        CHECK_EQ(undetected, 0);

    CHECK_EQ(unpack_exactly(&s, s.size, SMALL_SIZE - 1, &made), UNPACK_NO_ROOM);
    CHECK_EQ(unpack_exactly(&s, s.size, 0, &made), UNPACK_NO_ROOM);
    free(memory);
    free(s.bytes);
}

static void test_arena(void)
{
    uint8_t memory[64 + 1];
    struct arena arena = arena_over(memory + 1, 64);
    uint8_t *first = arena_take(&arena, 1, 1), *second = arena_take(&arena, 2, 8);

    CHECK(first != NULL && (uintptr_t)first % 16 == 0);
    CHECK(second != NULL && second - first == 16);
    CHECK(arena_take(&arena, 1, 64) == NULL);
    CHECK(arena_take(&arena, SIZE_MAX, 2) == NULL);
    CHECK(arena_take(&arena, 1, SIZE_MAX) == NULL);
    arena = arena_over(NULL, 0);
    CHECK(arena_take(&arena, 1, 1) == NULL);
}

static void test_names(void)
{
    for (int i = UNPACK_OK; i <= UNPACK_NO_MEMORY; i++)
        CHECK(strcmp(unpack_message((enum unpack_result)i), "unknown error") != 0);
    CHECK(strcmp(payload_format_name(PAYLOAD_ZSTD), "zstd") == 0);
    CHECK_EQ(payload_format_of("BZh9", 4), PAYLOAD_UNKNOWN);
    CHECK_EQ(payload_format_of("", 0), PAYLOAD_UNKNOWN);

    struct arena arena = arena_over(NULL, 0);
    size_t made;
    CHECK_EQ(unpack(PAYLOAD_UNKNOWN, "BZh9", 4, NULL, 0, &made, &arena), UNPACK_UNSUPPORTED);
    CHECK_EQ(unpack(PAYLOAD_ELF, "", 0, NULL, 0, &made, &arena), UNPACK_UNSUPPORTED);
}

int main(void)
{
    make_original();
    test_arena();
    test_names();
    test_big();
    test_checks();
    test_xz_arena();
    test_damage(make_gzip(SMALL_SIZE), true);
    test_damage(make_xz(SMALL_SIZE, LZMA_CHECK_CRC32, 4096, 1), true);
    test_damage(make_zstd(SMALL_SIZE, 3, 0), true);
    test_damage(make_lz4(SMALL_SIZE), false);
    free(original);
    return check_report();
}
