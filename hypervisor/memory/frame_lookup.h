/*
 * frame_of() and its like without a call, for the files that page-table updates run through: these
 * look frames up several times for each entry. Others have the same functions from frame.c.
 */
#ifndef MEMORY_FRAME_LOOKUP_H
#define MEMORY_FRAME_LOOKUP_H

#include "lib/bitmap.h"
#include "memory/frame_table.h"
#include "memory/mapping.h"

extern uint64_t section_mapped[]; /* a bit for each section that holds RAM */
extern uint64_t end_mfn;          /* one past the highest frame of RAM */

static inline struct frame *frame_of_inline(mfn_t m)
{
    return (struct frame *)frame_table_base() + m.n;
}

static inline mfn_t frame_mfn_inline(const struct frame *f)
{
    return mfn(f - (struct frame *)frame_table_base());
}

static inline bool mfn_valid_inline(mfn_t m)
{
    return m.n < end_mfn && bit_test(section_mapped, m.n / FRAME_SECTION) &&
           (frame_of_inline(m)->count & COUNT_RAM);
}

#define frame_of frame_of_inline
#define frame_mfn frame_mfn_inline
#define mfn_valid mfn_valid_inline

#endif
