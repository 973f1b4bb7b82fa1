#include "unpack/unpack.h"

#include "lib/string.h"
#include "unpack/formats.h"

#define MAGIC_MAX 6

/* First bytes of each format; the longest magic is xz's. */
static const struct {
    enum payload_format format;
    uint8_t length;
    uint8_t bytes[MAGIC_MAX];
} magics[] = {
    {PAYLOAD_ELF, 4, {0x7f, 'E', 'L', 'F'}},           {PAYLOAD_GZIP, 2, {0x1f, 0x8b}},
    {PAYLOAD_XZ, 6, {0xfd, '7', 'z', 'X', 'Z', 0x00}}, {PAYLOAD_ZSTD, 4, {0x28, 0xb5, 0x2f, 0xfd}},
    {PAYLOAD_LZ4, 4, {0x02, 0x21, 0x4c, 0x18}},
};

enum payload_format payload_format_of(const void *data, size_t size)
{
    for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
        if (size >= magics[i].length && memcmp(data, magics[i].bytes, magics[i].length) == 0)
            return magics[i].format;
    return PAYLOAD_UNKNOWN;
}

const char *payload_format_name(enum payload_format format)
{
    switch (format) {
    case PAYLOAD_ELF:
        return "uncompressed";
    case PAYLOAD_GZIP:
        return "gzip";
    case PAYLOAD_XZ:
        return "xz";
    case PAYLOAD_ZSTD:
        return "zstd";
    case PAYLOAD_LZ4:
        return "lz4";
    case PAYLOAD_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *unpack_message(enum unpack_result result)
{
    switch (result) {
    case UNPACK_OK:
        return "no error";
    case UNPACK_UNSUPPORTED:
        return "compression format not supported (gzip, xz, zstd and lz4 are)";
    case UNPACK_TRUNCATED:
        return "compressed data end too early";
    case UNPACK_CORRUPT:
        return "compressed data are damaged";
    case UNPACK_NO_ROOM:
        return "unpacked data are larger than announced";
    case UNPACK_NO_MEMORY:
        return "not enough working memory to unpack";
    }
    return "unknown error";
}

size_t unpack_arena_size(enum payload_format format, const void *src, size_t size, size_t dst_size)
{
    switch (format) {
    case PAYLOAD_GZIP:
        return gzip_arena_size();
    case PAYLOAD_XZ:
        return xz_arena_size(src, size, dst_size);
    case PAYLOAD_ZSTD:
        return zstd_arena_size();
    case PAYLOAD_LZ4:
    case PAYLOAD_ELF:
    case PAYLOAD_UNKNOWN:
        break;
    }
    return 0;
}

static enum unpack_result dispatch(enum payload_format format, struct unpack_job *job)
{
    switch (format) {
    case PAYLOAD_GZIP:
        return unpack_gzip(job);
    case PAYLOAD_XZ:
        return unpack_xz(job);
    case PAYLOAD_ZSTD:
        return unpack_zstd(job);
    case PAYLOAD_LZ4:
        return unpack_lz4(job);
    case PAYLOAD_ELF:
    case PAYLOAD_UNKNOWN:
        break;
    }
    return UNPACK_UNSUPPORTED;
}

enum unpack_result unpack(enum payload_format format, const void *src, size_t size, void *dst,
                          size_t dst_size, size_t *out_size, struct arena *arena)
{
    struct unpack_job job = {
        .src = src,
        .size = size,
        .dst = dst,
        .dst_size = dst_size,
        .arena = arena,
    };
    size_t mark = arena->used;
    enum unpack_result result = dispatch(format, &job);

    arena->used = mark;
    if (result == UNPACK_OK)
        *out_size = job.made;
    return result;
}
