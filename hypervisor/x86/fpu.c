#include "x86/fpu.h"

#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"

#define FCW_RESET 0x37f
#define MXCSR_RESET 0x1f80
#define MXCSR_MASK_DEFAULT 0xffbf /* where FXSAVE does not say (SDM vol. 1, 11.6.6) */
#define XSAVE_HEADER 64           /* bytes after the legacy image; XSTATE_BV is its first word */

/* FXSAVE layout (SDM vol. 1, table 10-2), and behind it the XSAVE header where there is one. */
struct fpu_area {
    uint16_t fcw, fsw;
    uint8_t ftw, reserved;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[FXSAVE_SIZE - 32];
    uint64_t xstate_bv, xcomp_bv, header_reserved[6];
    uint8_t extended[];
};

_Static_assert(offsetof(struct fpu_area, xstate_bv) == FXSAVE_SIZE, "XSAVE header's place");

/* The bits of MXCSR that this processor has; loading others faults. */
static uint32_t mxcsr_mask = MXCSR_MASK_DEFAULT;

static void xsetbv(uint64_t value)
{
    asm volatile("xsetbv" ::"c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

void fpu_init_cpu(void)
{
    static uint32_t image[FXSAVE_SIZE / sizeof(uint32_t)] __attribute__((aligned(16)));
    const unsigned at = offsetof(struct fpu_area, mxcsr_mask) / sizeof(*image);

    asm volatile("clts; fninit; fxsave64 %0" : "=m"(image));
    if (image[at])
        mxcsr_mask = image[at];
    if (cpu_features.xsave)
        xsetbv(cpu_features.xcr0);
}

/* Allocations of a page or more come page-aligned; XSAVE wants 64 bytes. */
int fpu_init_vcpu(struct vcpu *v)
{
    size_t size = MAX(cpu_features.xsave_size, FXSAVE_SIZE + XSAVE_HEADER);

    v->arch.fpu = zalloc(MAX(size, PAGE_SIZE));
    if (!v->arch.fpu)
        return -ENOMEM;
    v->arch.fpu->fcw = FCW_RESET;
    v->arch.fpu->mxcsr = MXCSR_RESET;
    v->arch.fpu->xstate_bv = XCR0_X87 | XCR0_SSE;
    v->arch.xcr0 = XCR0_X87;
    return 0;
}

void fpu_free_vcpu(struct vcpu *v)
{
    zfree(v->arch.fpu);
    v->arch.fpu = NULL;
}

/* A component that the guest has switched off in XCR0 still holds its own values or none: all of
 * them are saved and restored always, so none of another vCPU's can show up when it is switched on.
 */
void fpu_save(struct vcpu *v)
{
    struct fpu_area *area = v->arch.fpu;

    asm volatile("clts");
    if (!cpu_features.xsave) {
        asm volatile("fxsave64 %0" : "=m"(*area)::"memory");
        return;
    }
    if (v->arch.xcr0 != cpu_features.xcr0)
        xsetbv(cpu_features.xcr0);
    if (cpu_features.xsaveopt)
        asm volatile("xsaveopt64 %0" : "+m"(*area) : "a"(~0U), "d"(~0U) : "memory");
    else
        asm volatile("xsave64 %0" : "+m"(*area) : "a"(~0U), "d"(~0U) : "memory");
}

/* AMD restores the x87 instruction and data pointers only while an exception is pending: this
 * overwrites them, lest they tell of the vCPU before. */
static void clear_x87_pointers(void)
{
    static const uint32_t zero;

    asm volatile("fnclex; emms; fildl %0; fstp %%st(0)" ::"m"(zero));
}

void fpu_restore(const struct vcpu *v)
{
    const struct fpu_area *area = v->arch.fpu;

    if (cpu_features.is_amd)
        clear_x87_pointers();
    if (cpu_features.xsave) {
        asm volatile("xrstor64 %0" ::"m"(*area), "a"(~0U), "d"(~0U) : "memory");
        if (v->arch.xcr0 != cpu_features.xcr0)
            xsetbv(v->arch.xcr0);
    } else {
        asm volatile("fxrstor64 %0" ::"m"(*area) : "memory");
    }
    if (v->arch.cr0_ts)
        write_cr0(read_cr0() | CR0_TS);
}

void fpu_set_legacy(struct vcpu *v, const void *fxsave)
{
    struct fpu_area *area = v->arch.fpu;

    memcpy(area, fxsave, FXSAVE_SIZE);
    area->mxcsr &= mxcsr_mask;
    area->xstate_bv = XCR0_X87 | XCR0_SSE;
}

/* XSAVE leaves out what is in its initial state; the FXSAVE image must say so itself. */
void fpu_get_legacy(const struct vcpu *v, void *fxsave)
{
    struct fpu_area legacy;

    memcpy(&legacy, v->arch.fpu, sizeof(legacy));
    if (cpu_features.xsave && !(legacy.xstate_bv & XCR0_X87)) {
        memset(&legacy, 0, offsetof(struct fpu_area, mxcsr));
        memset(legacy.registers, 0, 128);
        legacy.fcw = FCW_RESET;
    }
    if (cpu_features.xsave && !(legacy.xstate_bv & XCR0_SSE))
        memset(legacy.registers + 128, 0, sizeof(legacy.registers) - 128);
    memcpy(fxsave, &legacy, FXSAVE_SIZE);
}

void fpu_get_area(const struct vcpu *v, void *area)
{
    memcpy(area, v->arch.fpu, cpu_features.xsave_size);
}

/* XRSTOR faults, in Ringfort, on what is refused or cut here (SDM vol. 1, 13.8.1). */
bool fpu_set_area(struct vcpu *v, uint64_t xcr0, const void *area)
{
    const struct fpu_area *from = area;
    uint64_t reserved = from->xcomp_bv;

    for (unsigned i = 0; i < ARRAY_SIZE(from->header_reserved); i++)
        reserved |= from->header_reserved[i];
    if (reserved || (from->xstate_bv & ~cpu_features.xcr0) || !xcr0_valid(xcr0))
        return false;
    memcpy(v->arch.fpu, area, cpu_features.xsave_size);
    v->arch.fpu->mxcsr &= mxcsr_mask;
    v->arch.xcr0 = xcr0;
    return true;
}

bool xcr0_valid(uint64_t value)
{
    if (!cpu_features.xsave || (value & ~cpu_features.xcr0) || !(value & XCR0_X87))
        return false;
    if ((value & XCR0_AVX) && !(value & XCR0_SSE))
        return false;
    /* The three parts of AVX-512 come together, on top of AVX. */
    return !(value & XCR0_AVX512) || (value & (XCR0_AVX512 | XCR0_AVX)) == (XCR0_AVX512 | XCR0_AVX);
}

void fpu_set_xcr0(struct vcpu *v, uint64_t value)
{
    v->arch.xcr0 = value;
    xsetbv(value);
}
