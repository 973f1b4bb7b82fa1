/*
 * Floating-point and vector state. It changes hands with the vCPU, never later (a lazy switch leaks
 * registers through speculation); CR0.TS is set only where a guest asked for it.
 */
#ifndef X86_FPU_H
#define X86_FPU_H

#include "lib/types.h"

struct vcpu;

#define XCR0_X87 (1UL << 0)
#define XCR0_SSE (1UL << 1)
#define XCR0_AVX (1UL << 2)
#define XCR0_AVX512 (7UL << 5)

/* Bytes of the legacy (FXSAVE) image at the start of an area. */
#define FXSAVE_SIZE 512

/* Sets this CPU's XCR0 to all that Ringfort saves. After CR4. */
void fpu_init_cpu(void);
/* Makes the area of a vCPU in the processor's reset state. 0 or -ENOMEM. */
int fpu_init_vcpu(struct vcpu *v);
void fpu_free_vcpu(struct vcpu *v);
/* Moves state between the registers and the area of a vCPU; for the context switch. */
void fpu_save(struct vcpu *v);
void fpu_restore(const struct vcpu *v);
/* The FXSAVE image of a vCPU that does not run, in and out. In: reserved bits are cleared. */
void fpu_set_legacy(struct vcpu *v, const void *fxsave);
void fpu_get_legacy(const struct vcpu *v, void *fxsave);

/* The XSAVE area of a vCPU that does not run, cpu_features.xsave_size bytes in the standard format.
 * In: false, and nothing changed, for one that the processor would not load. */
void fpu_get_area(const struct vcpu *v, void *area);
bool fpu_set_area(struct vcpu *v, uint64_t xcr0, const void *area);

/* True when `value` may be written to XCR0 by a guest. */
bool xcr0_valid(uint64_t value);
/* XSETBV by `current`: value checked by xcr0_valid. */
void fpu_set_xcr0(struct vcpu *v, uint64_t value);

#endif
