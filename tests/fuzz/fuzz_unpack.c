/* sources: hypervisor/unpack/unpack.c hypervisor/unpack/arena.c hypervisor/unpack/gzip.c hypervisor/unpack/xz.c hypervisor/unpack/zstd.c hypervisor/unpack/lz4.c */
/* libs: -llzma -lzstd -llz4 -lz */
/* The first two bytes choose the room for output and the arena; the rest is a stream, whose format
 * its magic number tells. */
#include <stdlib.h>

#include "unpack/unpack.h"

#define ROOM_UNIT 509u
#define ARENA_UNIT 4099u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;

    const uint8_t *stream = data + 2;
    size_t stream_size = size - 2, room = data[0] * ROOM_UNIT, made;
    enum payload_format format = payload_format_of(stream, stream_size);
    size_t need = unpack_arena_size(format, stream, stream_size, room);

    /* An odd choice takes less than what is needed. */
    if (data[1] % 2 != 0)
        need = MIN(need, data[1] * ARENA_UNIT);

    uint8_t *memory = malloc(need + 1), *out = malloc(room + 1);
    struct arena arena = arena_over(memory, need);

    if (unpack(format, stream, stream_size, out, room, &made, &arena) == UNPACK_OK && made > room)
        abort();
    if (arena.used != 0)
        abort();
    free(out);
    free(memory);
    return 0;
}
