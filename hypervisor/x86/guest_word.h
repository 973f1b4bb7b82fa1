/*
 * Single words of guest memory for the entry and exit paths, where copying functions would cost
 * more than the work. The caller keeps addresses out of Ringfort's range.
 */
#ifndef X86_GUEST_WORD_H
#define X86_GUEST_WORD_H

#include "lib/types.h"
#include "x86/cpuid.h"
#include "x86/extable.h"

/* Between these two SMAP allows Ringfort accesses to guest pages. */
static inline void guest_access_begin(void)
{
    if (cpu_features.smap)
        asm volatile("stac" ::: "memory");
}

static inline void guest_access_end(void)
{
    if (cpu_features.smap)
        asm volatile("clac" ::: "memory");
}

#define GUEST_WORD(va) "m"(*(uint64_t *)(va))

/* Writes one word; goes to the label `fault` where the guest's memory cannot be written. */
#define put_guest_word(va, value, fault)                                                           \
    asm goto("1: mov %0, %1\n" EXTABLE("1b", "%l2")::"r"((uint64_t)(value)), GUEST_WORD(va)        \
             : "memory"                                                                            \
             : fault)

/* Reads one word into *to; likewise. (GCC 12 crashes on asm goto with outputs: hence the pointer.)
 */
#define get_guest_word(to, va, fault)                                                              \
    asm goto("1: mov %0, %%rax\n"                                                                  \
             "mov %%rax, (%1)\n" EXTABLE("1b", "%l2")::GUEST_WORD(va),                             \
             "r"(to)                                                                               \
             : "rax", "memory"                                                                     \
             : fault)

#endif
