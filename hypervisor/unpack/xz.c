/* xz by liblzma, block by block. lzma_stream_buffer_decode() would be one call, but it takes a
 * dictionary as large as the block header says (128 MiB in recent kernels); here the header is read
 * first, and the dictionary cut down to what the output can ever reach back.
 *
 * liblzma still keeps the dictionary apart from the output: that is the arena's main use. */
#include <lzma.h>

#include "lib/string.h"
#include "unpack/formats.h"

/* What liblzma takes besides the dictionary: coder states, filter options, rounding; measured below
 * 40 KiB with 5.4. Newer versions add a few hundred bytes to the dictionary itself. */
#define XZ_SLACK (192UL * 1024)

/* The least dictionary that LZMA2 knows; liblzma refuses none, this keeps sizes sensible. */
#define XZ_DICTIONARY_MIN 4096u

static void *xz_take(void *arena, size_t count, size_t size)
{
    return arena_take(arena, count, size);
}

/* The arena is given back as a whole, after each block. */
static void xz_give(void *arena, void *address)
{
    (void)arena;
    (void)address;
}

static lzma_allocator allocator_over(struct arena *arena)
{
    return (lzma_allocator){.alloc = xz_take, .free = xz_give, .opaque = arena};
}

static enum unpack_result xz_result(lzma_ret status)
{
    switch (status) {
    case LZMA_OK:
    case LZMA_STREAM_END:
        return UNPACK_OK;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return UNPACK_NO_MEMORY;
    case LZMA_FORMAT_ERROR:
    case LZMA_OPTIONS_ERROR:
    case LZMA_UNSUPPORTED_CHECK:
        return UNPACK_UNSUPPORTED;
    default:
        return UNPACK_CORRUPT;
    }
}

/* Cuts the dictionary of the (only) LZMA2 filter in the chain to the size of the output. */
static void limit_dictionary(lzma_filter *filters, size_t dst_size)
{
    for (; filters->id != LZMA_VLI_UNKNOWN; filters++) {
        if (filters->id != LZMA_FILTER_LZMA2)
            continue;
        lzma_options_lzma *options = filters->options;
        if (options->dict_size > dst_size)
            options->dict_size = MAX((uint32_t)dst_size, XZ_DICTIONARY_MIN);
    }
}

/* Reads the block header at `src` into `block`, whose check and filters the caller has set. */
static enum unpack_result read_block_header(lzma_block *block, const lzma_allocator *allocator,
                                            const uint8_t *src, size_t size, size_t dst_size)
{
    if (size == 0)
        return UNPACK_TRUNCATED;
    if (src[0] == 0)
        return UNPACK_CORRUPT;
    block->header_size = lzma_block_header_size_decode(src[0]);
    if (block->header_size > size)
        return UNPACK_TRUNCATED;

    lzma_ret status = lzma_block_header_decode(block, allocator, src);
    if (status != LZMA_OK)
        return xz_result(status);
    limit_dictionary(block->filters, dst_size);
    return UNPACK_OK;
}

static enum unpack_result unpack_block(struct unpack_job *job, size_t *at, lzma_check check)
{
    lzma_allocator allocator = allocator_over(job->arena);
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    lzma_block block = {.version = 1, .check = check, .filters = filters};

    enum unpack_result result =
        read_block_header(&block, &allocator, job->src + *at, job->size - *at, job->dst_size);
    if (result != UNPACK_OK)
        return result;

    /* liblzma chooses its CRC64 code in a constructor, and nobody runs constructors here. Linux
     * cannot verify that check either; the sizes and the range coder still catch most damage. */
    block.ignore_check = check == LZMA_CHECK_CRC64;

    *at += block.header_size;
    lzma_ret status = lzma_block_buffer_decode(&block, &allocator, job->src, at, job->size,
                                               job->dst, &job->made, job->dst_size);
    if (status == LZMA_BUF_ERROR)
        return UNPACK_NO_ROOM;
    /* The library says "data error" for input that merely ends too early. */
    return xz_result(status);
}

static enum unpack_result read_stream_header(const uint8_t *src, size_t size,
                                             lzma_stream_flags *flags)
{
    if (size < LZMA_STREAM_HEADER_SIZE)
        return UNPACK_TRUNCATED;
    return xz_result(lzma_stream_header_decode(flags, src));
}

size_t xz_arena_size(const uint8_t *src, size_t size, size_t dst_size)
{
    lzma_stream_flags flags;
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    lzma_block block = {.version = 1, .filters = filters};
    uint8_t memory[1024];
    struct arena arena = arena_over(memory, sizeof(memory));
    lzma_allocator allocator = allocator_over(&arena);

    if (read_stream_header(src, size, &flags) != UNPACK_OK)
        return 0;
    block.check = flags.check;
    if (read_block_header(&block, &allocator, src + LZMA_STREAM_HEADER_SIZE,
                          size - LZMA_STREAM_HEADER_SIZE, dst_size) != UNPACK_OK)
        return 0;

    uint64_t coder = lzma_raw_decoder_memusage(filters);
    return coder == UINT64_MAX ? 0 : coder + XZ_SLACK;
}

enum unpack_result unpack_xz(struct unpack_job *job)
{
    lzma_stream_flags flags;
    enum unpack_result result = read_stream_header(job->src, job->size, &flags);
    size_t at = LZMA_STREAM_HEADER_SIZE;

    if (result != UNPACK_OK)
        return result;

    /* A zero where a block header would begin starts the index, which has nothing that we need:
     * each block carries its own check. */
    while (at < job->size && job->src[at] != 0) {
        size_t mark = job->arena->used;
        result = unpack_block(job, &at, flags.check);
        if (result != UNPACK_OK)
            return result;
        job->arena->used = mark;
    }
    return at < job->size ? UNPACK_OK : UNPACK_TRUNCATED;
}
