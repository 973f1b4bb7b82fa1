/*
 * Layout of the frame table: memory/'s own business, and the boot code's, which maps it at
 * FRAME_TABLE_BASE: entry n describes machine frame n. It is mapped, zeroed, in whole sections of
 * FRAME_SECTION frames (FRAME_SECTION_BYTES of table) wherever a section holds any RAM.
 */
#ifndef MEMORY_FRAME_TABLE_H
#define MEMORY_FRAME_TABLE_H

#include "lib/config.h"
#include "lib/list.h"
#include "lib/types.h"
#include "memory/frame.h"

/* One machine frame. The two words change by compare-and-swap only, except while the frame is free.
 */
struct frame {
    uint64_t type;        /* TYPE_*: what it is used as, how often; while free: order or 0 */
    uint32_t count;       /* COUNT_*: references of every kind */
    uint32_t stamp;       /* flush clock when the last reference of its last type went away */
    struct domain *owner; /* NULL: free, or Ringfort's own; changes only while count is 0 */
    struct list link;     /* the owner's pages, or a free list */
};

_Static_assert(sizeof(struct frame) == 40, "the boot code sizes the table by this");

#define FRAME_SECTION UINT64_C(65536)
#define FRAME_SECTION_BYTES (FRAME_SECTION * sizeof(struct frame))

/* Boot: [start, end) is RAM, whoever uses it. The table is mapped there. Call this for every RAM
 * region of the memory map before the first allocator_add(); it makes mfn_valid() and max_mfn()
 * answer. Frames that are never given to the allocator stay Ringfort's own: no guest can name them.
 */
void frame_table_add_ram(mfn_t start, mfn_t end);

/* The count word: references in the low bits. */
#define COUNT_ALLOCATED (UINT32_C(1) << 31) /* the owner has it; is worth one reference below */
#define COUNT_RAM (UINT32_C(1) << 30)       /* a frame of RAM; never cleared */
#define COUNT_SHARED (UINT32_C(1) << 29) /* Ringfort's page, shared with the owner; not its own */
#define COUNT_FREE (UINT32_C(1) << 28)   /* on a free list, first of a block of 1 << type frames */
#define COUNT_CLEAN (UINT32_C(1) << 27)  /* nobody's, and zeroed since the last one had it */
#define COUNT_REFS (COUNT_CLEAN - 1)
/* Guests' references stop here: above is room for those that Ringfort takes without asking. */
#define COUNT_LIMIT (COUNT_REFS - 1024)

/* The type word. */
#define TYPE_COUNT UINT64_C(0xffffffff) /* references through the type */
#define TYPE_SHIFT 32                   /* enum frame_type */
#define TYPE_MASK (UINT64_C(7) << TYPE_SHIFT)
#define TYPE_PINNED (UINT64_C(1) << 35)   /* one of the references is the pin */
#define TYPE_TOP_L2 (UINT64_C(1) << 36)   /* 32-bit: the L2 of slot 3, with Ringfort's hole */
#define TYPE_UNCACHED (UINT64_C(1) << 37) /* writable: some entry bypassed the caches */
#define TYPE_LENT (UINT64_C(1) << 38)     /* writable: another domain's entry led to it */
#define TYPE_PARTIAL_SHIFT 40
/* 0: whole or nothing; k + 1: entries below k hold references and the type count is 0. */
#define TYPE_PARTIAL (UINT64_C(0x3ff) << TYPE_PARTIAL_SHIFT)
#define TYPE_BUSY TYPE_PARTIAL /* being validated or taken down at this moment */

#endif
