/* What the decompression libraries expect of a processor, for as long as they run. Not part of the
 * host build: a process has all of it already. */
#ifndef UNPACK_ENVIRONMENT_H
#define UNPACK_ENVIRONMENT_H

#include "lib/types.h"

/* The processor state that unpack_enter() changed. */
struct unpack_environment {
    uint64_t cr0;
    uint64_t cr4;
    uint64_t fs_base;
};

/* Switches SSE on and points FS at a stack protector's word. Between this and unpack_leave():
 * interrupts stay off, and NMI, #MC and #DF run on stacks of their own (IST), because library code
 * keeps data below the stack pointer; the stack is 16-byte aligned at calls, as the System V ABI
 * has it. SSE registers hold rubbish afterwards: nothing may rely on them being kept.
 * Boot processor only. Source: SDM volume 3, 14.1 (CR0 and CR4 bits that SSE needs). */
void unpack_enter(struct unpack_environment *saved);

/* Puts back what unpack_enter() saved. */
void unpack_leave(const struct unpack_environment *saved);

#endif
