/* gzip by zlib. With the whole input and the whole output at hand inflate() needs no window. */
#include <zlib.h>

#include "unpack/formats.h"

/* zlib's inflate state is under 10 KiB; a window of 32 KiB is taken when the output does not fit,
 * before that is noticed. */
#define GZIP_ARENA_SIZE (64UL * 1024)

/* Largest window, and a gzip header (not zlib's own) is expected: inflateInit2's coding of both. */
#define GZIP_WINDOW_BITS (MAX_WBITS + 16)

static void *gzip_take(void *arena, unsigned count, unsigned size)
{
    return arena_take(arena, count, size);
}

/* The arena is given back as a whole. */
static void gzip_give(void *arena, void *address)
{
    (void)arena;
    (void)address;
}

size_t gzip_arena_size(void)
{
    return GZIP_ARENA_SIZE;
}

static enum unpack_result gzip_result(const z_stream *stream, int status)
{
    switch (status) {
    case Z_STREAM_END:
        return UNPACK_OK;
    case Z_MEM_ERROR:
        return UNPACK_NO_MEMORY;
    case Z_OK:
    case Z_BUF_ERROR:
        return stream->avail_out == 0 ? UNPACK_NO_ROOM : UNPACK_TRUNCATED;
    default:
        return UNPACK_CORRUPT;
    }
}

enum unpack_result unpack_gzip(struct unpack_job *job)
{
    z_stream stream = {
        .next_in = (Bytef *)job->src,
        .next_out = job->dst,
        .zalloc = gzip_take,
        .zfree = gzip_give,
        .opaque = job->arena,
    };

    /* zlib counts in 32 bits; a kernel's sizes fit, its header has no more either. */
    if (job->size > UINT32_MAX || job->dst_size > UINT32_MAX)
        return UNPACK_UNSUPPORTED;
    stream.avail_in = (uInt)job->size;
    stream.avail_out = (uInt)job->dst_size;

    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
        return UNPACK_NO_MEMORY;

    int status = inflate(&stream, Z_FINISH);

    job->made = job->dst_size - stream.avail_out;
    return gzip_result(&stream, status);
}
