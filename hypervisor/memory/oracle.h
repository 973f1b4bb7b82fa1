/* The oracle, which recounts all references (debug builds and host tests). */
#ifndef MEMORY_ORACLE_H
#define MEMORY_ORACLE_H

#include "lib/types.h"

/* Finds every reference anew by walking what holds them and compares; panics on a difference. All
 * domains are paused and no operation is under way. Returns the number of frames checked, 0 without
 * memory for the count. */
uint64_t memory_oracle(void);

/* While that looks: a holder outside memory/ has a reference to `m`, one through the frame's type
 * if `typed`. */
void oracle_found(mfn_t m, bool typed);

#endif
