/* Model-specific registers as guests see them. */
#ifndef X86_MSR_H
#define X86_MSR_H

#include "lib/types.h"

struct vcpu;

#define MSR_MC0_STATUS 0x401

/* RDMSR / WRMSR by `v`, which is current and in kernel mode. False: the guest gets #GP. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
