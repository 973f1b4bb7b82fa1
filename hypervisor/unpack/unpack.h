/* Decompression of a kernel's payload in memory, by Debian's own static libraries.
 *
 * The libraries are user-space code: they use SSE registers, the red zone and the stack protector's
 * word at %fs:0x28. On the real machine every call of unpack() therefore stands between
 * unpack_enter() and unpack_leave() (unpack/environment.h). */
#ifndef UNPACK_UNPACK_H
#define UNPACK_UNPACK_H

#include "lib/types.h"
#include "unpack/arena.h"

enum payload_format {
    PAYLOAD_UNKNOWN,
    PAYLOAD_ELF, /* not compressed at all */
    PAYLOAD_GZIP,
    PAYLOAD_XZ,
    PAYLOAD_ZSTD,
    PAYLOAD_LZ4, /* the legacy frame that `lz4 -l` and the Linux build make */
};

enum unpack_result {
    UNPACK_OK,
    UNPACK_UNSUPPORTED, /* a format or an option of it that is not built in */
    UNPACK_TRUNCATED,   /* input ends in the middle */
    UNPACK_CORRUPT,     /* input breaks its format's rules or fails its checksum */
    UNPACK_NO_ROOM,     /* output does not fit into the buffer */
    UNPACK_NO_MEMORY,   /* arena too small */
};

/* Tells the format from the first bytes. Never reads past `size`. */
enum payload_format payload_format_of(const void *data, size_t size);

/* A short name for messages: "xz", "gzip"; never NULL. */
const char *payload_format_name(enum payload_format format);

/* A sentence part for messages; never NULL. */
const char *unpack_message(enum unpack_result result);

/* Bytes of arena that unpack() needs for the `size` bytes at `src` when the output buffer has
 * `dst_size`. For xz about the dictionary (32 MiB in Debian 12's kernels, never more than
 * `dst_size`), for zstd and gzip under 256 KiB, for lz4 none. 0 too for damaged input, which
 * unpack() then refuses. Calls library code: unpack_enter() first, as for unpack(). */
size_t unpack_arena_size(enum payload_format format, const void *src, size_t size, size_t dst_size);

/* Unpacks `size` bytes at `src` into `dst`, at most `dst_size` bytes, and stores the number of
 * bytes made in *out_size (on success only). Working memory comes from `arena`, which may be used
 * again afterwards. Bytes that follow the end of the stream are ignored. Hostile input is safe:
 * `dst` then holds rubbish, nothing outside it is touched. Takes no lock; needs about 4 KiB of
 * stack. */
enum unpack_result unpack(enum payload_format format, const void *src, size_t size, void *dst,
                          size_t dst_size, size_t *out_size, struct arena *arena);

#endif
