/* Machine memory of a proof: a few frames, each as long as a short table. */
#ifndef MEMORY_MAPPING_H
#define MEMORY_MAPPING_H

#include "lib/config.h"
#include "lib/types.h"
#include "memory/pte.h"

#ifndef PROOF_FRAMES
#define PROOF_FRAMES 1
#endif

extern uint64_t proof_memory[PROOF_FRAMES * TABLE_ENTRIES];
extern uint64_t proof_m2p[PROOF_FRAMES];
extern uint32_t proof_compat_m2p[PROOF_FRAMES];
void *proof_frame_table(void);

static inline void *mfn_to_virt(mfn_t m)
{
    return &proof_memory[m.n * TABLE_ENTRIES];
}

static inline void *frame_table_base(void)
{
    return proof_frame_table();
}

static inline uint64_t *m2p_base(void)
{
    return proof_m2p;
}

static inline uint32_t *compat_m2p_base(void)
{
    return proof_compat_m2p;
}

#endif
