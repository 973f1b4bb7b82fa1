/* Addresses of Ringfort's own code. */
#ifndef X86_SYMBOLS_H
#define X86_SYMBOLS_H

#include "lib/types.h"

/* True when `ip` lies in Ringfort's code (boot code included, which may be gone by now). */
bool is_code(uint64_t ip);

#endif
