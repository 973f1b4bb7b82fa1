/* sources: hypervisor/boot/bzimage.c hypervisor/unpack/unpack.c hypervisor/unpack/arena.c hypervisor/unpack/gzip.c hypervisor/unpack/xz.c hypervisor/unpack/zstd.c hypervisor/unpack/lz4.c */
/* libs: -llzma -lzstd -llz4 -lz */
/* Any bytes as a boot module: the payload found must lie within them, and unpacking it must not
 * leave its buffers. */
#include <stdlib.h>

#include "boot/bzimage.h"

/* Larger claims are a builder's to refuse for want of memory; here they would only be slow. */
#define MAX_SIZE (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct payload payload;

    if (bzimage_payload(data, size, &payload) != BZIMAGE_OK)
        return 0;
    if (payload.data < data || payload.size > size - (size_t)(payload.data - data))
        abort();
    if (payload.format == PAYLOAD_ELF || payload.unpacked_size > MAX_SIZE)
        return 0;

    size_t need =
        unpack_arena_size(payload.format, payload.data, payload.size, payload.unpacked_size);
    uint8_t *memory = malloc(need + 1), *out = malloc(payload.unpacked_size + 1);
    struct arena arena = arena_over(memory, need);

    bzimage_unpack(&payload, out, &arena);
    free(out);
    free(memory);
    return 0;
}
