/* Link-time needs of the decompression libraries; nothing of Ringfort's own calls these. */
#ifndef UNPACK_LIBC_H
#define UNPACK_LIBC_H

#include "lib/types.h"

/* All three find no memory: working memory comes from an arena. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *address);

/* libzstd's tracing hooks. It leaves them undefined but weak, which means address 0, and that is
 * out of a call's reach from the top of the address space. 0 tells the library not to trace. */
unsigned long long ZSTD_trace_decompress_begin(const void *context);
void ZSTD_trace_decompress_end(unsigned long long trace, const void *record);

/* Where compiled-in stack checks go when they fail: panics. */
void __stack_chk_fail(void) __attribute__((noreturn));

#endif
