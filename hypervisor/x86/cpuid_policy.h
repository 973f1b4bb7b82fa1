/* Which CPUID bits guests may see. Pure: raw leaves in, leaves for guests out. */
#ifndef X86_CPUID_POLICY_H
#define X86_CPUID_POLICY_H

#include "x86/cpuid.h"

/* Highest leaves that are passed on. */
#define POLICY_MAX_BASIC 0x16u
#define POLICY_MAX_EXTENDED 0x80000021u

/* Cuts what the machine says for (leaf, subleaf) to what a PV guest may know, for a machine whose
 * XSAVE is used as `f` says. `is_hardware`: Domain0, which need not migrate. */
void cpuid_policy_cut(uint32_t leaf, uint32_t subleaf, const struct cpu_features *f,
                      bool is_hardware, struct cpuid_regs *r);

/* True when the answer of the leaf depends on the subleaf (ECX). */
bool cpuid_has_subleaves(uint32_t leaf);

#endif
