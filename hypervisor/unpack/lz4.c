/* The legacy lz4 frame, read here; its blocks are liblz4's work. After the magic number come
 * blocks, each a 32-bit little-endian length and that many bytes, which unpack to at most 8 MiB.
 * Source: lz4_Frame_format.md, "Legacy frame". */
#include <lz4.h>

#include "lib/string.h"
#include "unpack/formats.h"

#define LZ4_LEGACY_MAGIC 0x184c2102u
#define LZ4_LEGACY_BLOCK (8u << 20)

/* Reads the next 32-bit word; false at the end of the input. */
static bool next_word(const struct unpack_job *job, size_t *at, uint32_t *word)
{
    if (job->size - *at < sizeof(*word))
        return false;
    memcpy(word, job->src + *at, sizeof(*word));
    *at += sizeof(*word);
    return true;
}

static enum unpack_result unpack_block(struct unpack_job *job, const uint8_t *block,
                                       uint32_t length)
{
    size_t room = job->dst_size - job->made;
    int capacity = (int)MIN(room, LZ4_LEGACY_BLOCK);
    int made = LZ4_decompress_safe((const char *)block, (char *)job->dst + job->made, (int)length,
                                   capacity);

    /* The library does not tell a full buffer from bad data: only a buffer that could not have
     * taken a whole block can have been too small. */
    if (made < 0)
        return room < LZ4_LEGACY_BLOCK ? UNPACK_NO_ROOM : UNPACK_CORRUPT;
    job->made += (size_t)made;
    return UNPACK_OK;
}

enum unpack_result unpack_lz4(struct unpack_job *job)
{
    size_t at = 0;
    uint32_t word;

    if (!next_word(job, &at, &word))
        return UNPACK_TRUNCATED;
    if (word != LZ4_LEGACY_MAGIC)
        return UNPACK_UNSUPPORTED;

    while (next_word(job, &at, &word)) {
        /* A zero length is padding after the end; a magic number starts a concatenated frame. */
        if (word == 0)
            break;
        if (word == LZ4_LEGACY_MAGIC)
            continue;
        if (word > (uint32_t)LZ4_COMPRESSBOUND(LZ4_LEGACY_BLOCK))
            return UNPACK_CORRUPT;
        if (word > job->size - at)
            return UNPACK_TRUNCATED;

        enum unpack_result result = unpack_block(job, job->src + at, word);
        if (result != UNPACK_OK)
            return result;
        at += word;
    }
    return UNPACK_OK;
}
