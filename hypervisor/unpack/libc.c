/* The C library's functions that the decompression libraries link against and lib/string.h has not.
 * Not part of the host build, which has a C library. */
#include "unpack/libc.h"

#include "lib/assert.h"

/* Every call of a library brings its own allocator over an arena, so these are linked, never used;
 * should that change with a library's version, its call fails with "out of memory". */
void *malloc(size_t size)
{
    (void)size;
    return NULL;
}

void *calloc(size_t count, size_t size)
{
    (void)count;
    (void)size;
    return NULL;
}

void free(void *address)
{
    (void)address;
}

unsigned long long ZSTD_trace_decompress_begin(const void *context)
{
    (void)context;
    return 0;
}

void ZSTD_trace_decompress_end(unsigned long long trace, const void *record)
{
    (void)trace;
    (void)record;
}

void __stack_chk_fail(void)
{
    panic("unpacking the kernel: a decompression library overran its stack frame");
}
