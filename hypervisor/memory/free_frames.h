/* The way back of a frame, from frame.c to the allocator. */
#ifndef MEMORY_FREE_FRAMES_H
#define MEMORY_FREE_FRAMES_H

#include "memory/frame_table.h"

/* The last reference of `f` has gone: takes it off its owner and onto the free lists. */
void frame_unused(struct frame *f);

#endif
