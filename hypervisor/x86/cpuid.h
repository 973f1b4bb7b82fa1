/* What the processor can do, and what of it Ringfort uses and guests may see. */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "lib/abi.h"

#include "lib/types.h"
#include "x86/cpu.h"

/* What Ringfort itself uses; the same on every CPU, settled on the boot CPU. */
struct cpu_features {
    bool xsave; /* FPU state is kept by XSAVE; guests may use it */
    bool xsaveopt;
    bool tsc_aux;    /* RDTSCP and its register */
    bool stable_tsc; /* one TSC for all: constant rate, same count on every CPU; by CPUID or option,
                      * until a CPU that starts finds otherwise (time/clock.c) */
    bool smap;       /* CR4.SMAP is set: guest memory is touched between STAC and CLAC only */
    bool is_amd;
    bool invpcid;
    bool ibpb;           /* a command that empties the branch predictors */
    uint64_t xcr0;       /* every state component Ringfort saves */
    uint32_t xsave_size; /* bytes of an XSAVE area with all of them */
};

extern struct cpu_features cpu_features;

/* A domain's policy: the leaves its kernel may see, as the ABI's tools exchange them (subleaf
 * XEN_CPUID_NO_SUBLEAF where a leaf has none), sorted. What is not listed reads as zero. */
#define CPU_POLICY_LEAVES 96

struct cpu_policy {
    unsigned count;
    struct xen_cpuid_leaf leaves[CPU_POLICY_LEAVES];
};

/* Whose view of the machine a policy is: nobody's (all that it says), a guest's, Domain0's. */
enum cpu_view { CPU_VIEW_MACHINE, CPU_VIEW_GUEST, CPU_VIEW_HARDWARE };

/* Fills the policy with what this machine has, cut for the view. */
void cpu_policy_fill(struct cpu_policy *p, enum cpu_view view);

/* Fills cpu_features. Boot CPU, once, after the options are parsed. */
void cpu_features_init(void);

#endif
