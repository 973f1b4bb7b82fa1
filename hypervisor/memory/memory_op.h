/* XENMEM_* (SOSP'03 3.3.4): reservations, ballooning, exchange, maps. */
#ifndef MEMORY_MEMORY_OP_H
#define MEMORY_MEMORY_OP_H

#include "lib/types.h"

long do_memory_op(unsigned long cmd, uint64_t arg);

#endif
