/* What the processor can do, and what of it Ringfort uses and guests may see. */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "lib/types.h"
#include "x86/cpu.h"

/* What Ringfort itself uses; the same on every CPU, settled on the boot CPU. */
struct cpu_features {
    bool xsave;                  /* FPU state is kept by XSAVE; guests may use it */
    bool xsaveopt;
    bool cpuid_faulting;
    bool is_amd;
    uint64_t xcr0;               /* every state component Ringfort saves */
    uint32_t xsave_size;         /* bytes of an XSAVE area with all of them */
};

extern struct cpu_features cpu_features;

/* Fills cpu_features. Boot CPU, once, after the options are parsed. */
void cpu_features_init(void);

#endif
