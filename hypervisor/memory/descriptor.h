/* Guest segment descriptors: the checks, pure. */
#ifndef MEMORY_DESCRIPTOR_H
#define MEMORY_DESCRIPTOR_H

#include "lib/types.h"

#define DESCRIPTORS_PER_PAGE 512u

/* Checks one descriptor and makes it safe: privilege level not more than the guest kernel's,
 * accessed bit set; a 32-bit guest's flat segment that reaches into its hole has all of it. False
 * for what no guest may have (gates, task and table descriptors). */
bool descriptor_check(uint64_t *descriptor, bool compat);

/* All of a page: 0 or -EINVAL. */
int descriptor_page_check(uint64_t *page, bool compat);

#endif
