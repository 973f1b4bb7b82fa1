/* Link-time needs of the decompression libraries; nothing of Ringfort's own calls these. */
#ifndef UNPACK_LIBC_H
#define UNPACK_LIBC_H

#include "lib/types.h"

/* All three find no memory: working memory comes from an arena. */
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void free(void *address);

/* Where compiled-in stack checks go when they fail: panics. */
void __stack_chk_fail(void) __attribute__((noreturn));

#endif
