/* The oracle for those who know all references: host tests. */
#ifndef MEMORY_ORACLE_H
#define MEMORY_ORACLE_H

#include "lib/types.h"

/* As memory_oracle(). `exact`: no reference exists but those that the oracle can find. */
uint64_t oracle_check(bool exact);

#endif
