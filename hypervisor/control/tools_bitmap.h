/* Sets of CPUs in the tools' form, an array of bytes of a length of its own. */
#ifndef CONTROL_TOOLS_BITMAP_H
#define CONTROL_TOOLS_BITMAP_H

#include "lib/abi.h"

#include "lib/bitmap.h"

/* Writes the set as far as the caller has room and zero bits beyond MAX_CPUS. 0 or -EFAULT. */
int cpumask_to_tools(struct xenctl_bitmap *to, const cpumask_t *from);
/* Reads a set; bits beyond MAX_CPUS are dropped, missing ones are zero. 0 or -EFAULT. */
int cpumask_from_tools(cpumask_t *to, const struct xenctl_bitmap *from);

#endif
