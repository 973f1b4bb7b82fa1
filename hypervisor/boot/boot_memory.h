/* Memory for Ringfort's own tables before the frame allocator exists. */
#ifndef BOOT_BOOT_MEMORY_H
#define BOOT_BOOT_MEMORY_H

#include "lib/types.h"

/* Frames above this do not fit below the 4 GiB that head.S has mapped. */
#define EARLY_FRAMES_END (UINT64_C(1) << (32 - PAGE_SHIFT))

/* All RAM of boot_info but the image, the modules and what the loader left for later readers. */
void boot_memory_init(void);
/* Takes consecutive frames for good, below frame `limit`; contents undefined. `align` in frames, a
 * power of two. Panics when there are none. */
mfn_t boot_memory_take(uint64_t frames, uint64_t align, uint64_t limit);
/* Gives what is left to the frame allocator; nothing can be taken from here any more. */
void boot_memory_release(void);
bool boot_memory_released(void);

#endif
