/* The first C function. */
#ifndef BOOT_START_H
#define BOOT_START_H

#include "lib/types.h"

/* Called by head.S on the boot stack, in the early tables, interrupts off: `magic` says which
 * protocol, `loader_info` is the machine address of its structure. Does not return. */
void boot_start(uint32_t magic, uint64_t loader_info) __attribute__((noreturn));

#endif
