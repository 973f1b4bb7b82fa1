/* zstd's single-shot decoder: the output is its own window, whatever window the frame asks for. */
#define ZSTD_STATIC_LINKING_ONLY /* for the calls that work in memory we supply */
#include <zstd.h>
#include <zstd_errors.h>

#include "unpack/formats.h"

/* arena_take() may have to skip this much to align. */
#define ZSTD_SLACK 16

size_t zstd_arena_size(void)
{
    return ZSTD_estimateDCtxSize() + ZSTD_SLACK;
}

static enum unpack_result zstd_result(size_t status)
{
    switch (ZSTD_getErrorCode(status)) {
    case ZSTD_error_dstSize_tooSmall:
        return UNPACK_NO_ROOM;
    case ZSTD_error_srcSize_wrong:
        return UNPACK_TRUNCATED;
    case ZSTD_error_memory_allocation:
        return UNPACK_NO_MEMORY;
    case ZSTD_error_prefix_unknown:
    case ZSTD_error_version_unsupported:
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_dictionary_wrong:
        return UNPACK_UNSUPPORTED;
    default:
        return UNPACK_CORRUPT;
    }
}

enum unpack_result unpack_zstd(struct unpack_job *job)
{
    size_t context_size = ZSTD_estimateDCtxSize();
    void *memory = arena_take(job->arena, 1, context_size);
    ZSTD_DCtx *context = memory != NULL ? ZSTD_initStaticDCtx(memory, context_size) : NULL;

    if (context == NULL)
        return UNPACK_NO_MEMORY;

    /* The decoder takes everything it is given for frames, so find where the first one ends. */
    size_t frame = ZSTD_findFrameCompressedSize(job->src, job->size);
    if (ZSTD_isError(frame))
        return zstd_result(frame);

    size_t made = ZSTD_decompressDCtx(context, job->dst, job->dst_size, job->src, frame);
    if (ZSTD_isError(made))
        return zstd_result(made);
    job->made = made;
    return UNPACK_OK;
}
