/* The four decompressors behind unpack(). Each takes what unpack() takes and reports as it does. */
#ifndef UNPACK_FORMATS_H
#define UNPACK_FORMATS_H

#include "unpack/unpack.h"

/* One decompression: where from, where to, with which working memory. */
struct unpack_job {
    const uint8_t *src;
    size_t size;
    uint8_t *dst;
    size_t dst_size;
    size_t made; /* result: bytes written to dst */
    struct arena *arena;
};

enum unpack_result unpack_gzip(struct unpack_job *job);
enum unpack_result unpack_xz(struct unpack_job *job);
enum unpack_result unpack_zstd(struct unpack_job *job);
enum unpack_result unpack_lz4(struct unpack_job *job);

/* Arena bytes that each wants; lz4 wants none. */
size_t gzip_arena_size(void);
size_t xz_arena_size(const uint8_t *src, size_t size, size_t dst_size);
size_t zstd_arena_size(void);

#endif
