/* Ringfort's own small allocations. Sizes above a page come as whole pages. */
#ifndef LIB_ALLOC_H
#define LIB_ALLOC_H

#include "lib/types.h"

/* Returns `size` zeroed bytes, 16-byte aligned (page-aligned when size >= PAGE_SIZE), or NULL.
 * Takes the allocator's lock; not from NMI context. */
void *zalloc(size_t size);

/* Gives back what zalloc returned; NULL is allowed. */
void zfree(void *ptr);

#endif
