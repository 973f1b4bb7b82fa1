/*
 * The exception table: instructions of Ringfort that may fault, and where each goes on then. An
 * entry is two 32-bit distances from itself, so that the table needs no relocation.
 */
#ifndef X86_EXTABLE_H
#define X86_EXTABLE_H

#include "lib/types.h"

struct cpu_user_regs;

/* For use inside asm statements: a fault at label `from` continues at label `to`. */
#define EXTABLE(from, to)                                                                          \
    ".pushsection .extable, \"a\"\n"                                                               \
    ".balign 4\n"                                                                                  \
    ".long " from " - ., " to " - .\n"                                                             \
    ".popsection\n"

/* If regs->rip, in Ringfort, has an entry: moves regs->rip to its continuation and returns true. */
bool extable_fixup(struct cpu_user_regs *regs);

#endif
