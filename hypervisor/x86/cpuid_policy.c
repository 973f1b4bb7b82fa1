/*
 * Hidden is what a PV kernel cannot use or must not (its own paging modes and their protections,
 * virtualization, monitors, performance counters, control of speculation by MSRs that Ringfort
 * keeps); what is new and unknown is hidden too, because each mask lists what is shown.
 */
#include "x86/cpuid_policy.h"

#include "x86/fpu.h"

#define BIT(n) (1u << (n))

/* Leaf 1, ECX. */
#define SHOWN_1C                                                                                   \
    (BIT(0) /* SSE3 */ | BIT(1) /* PCLMULQDQ */ | BIT(9) /* SSSE3 */ | BIT(12) /* FMA */ |         \
     BIT(13) /* CX16 */ | BIT(19) | BIT(20) /* SSE4.1, 4.2 */ | BIT(22) /* MOVBE */ |              \
     BIT(23) /* POPCNT */ | BIT(25) /* AES */ | BIT(26) /* XSAVE */ | BIT(28) /* AVX */ |          \
     BIT(29) /* F16C */ | BIT(30) /* RDRAND */)
#define HYPERVISOR_1C BIT(31)
#define NEEDS_XSAVE_1C (BIT(12) | BIT(26) | BIT(28) | BIT(29))
#define NEEDS_AVX_1C (BIT(12) | BIT(28) | BIT(29))

/* Leaf 1, EDX; AMD repeats most of it in 0x80000001. */
#define SHOWN_1D                                                                                   \
    (BIT(0) /* FPU */ | BIT(2) /* DE */ | BIT(4) /* TSC */ | BIT(5) /* MSR */ | BIT(6) /* PAE */ | \
     BIT(7) /* MCE */ | BIT(8) /* CX8 */ | BIT(9) /* APIC */ | BIT(14) /* MCA */ |                 \
     BIT(15) /* CMOV */ | BIT(16) /* PAT */ | BIT(23) /* MMX */ | BIT(24) /* FXSR */)
#define SHOWN_1D_INTEL                                                                             \
    (BIT(11) /* SEP */ | BIT(19) /* CLFLUSH */ | BIT(25) | BIT(26) /* SSE, SSE2 */ |               \
     BIT(27) /* self snoop */ | BIT(28) /* HTT */)

/* Leaf 7, subleaf 0. */
#define SHOWN_7B                                                                                   \
    (BIT(3) /* BMI1 */ | BIT(5) /* AVX2 */ | BIT(6) | BIT(13) /* FPU pointer rules */ |            \
     BIT(8) /* BMI2 */ | BIT(9) /* ERMS */ | BIT(18) /* RDSEED */ | BIT(19) /* ADX */ |            \
     BIT(23) /* CLFLUSHOPT */ | BIT(24) /* CLWB */ | BIT(29) /* SHA */ | AVX512_7B)
#define AVX512_7B (BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31))
#define AVX2_7B BIT(5)
#define SHOWN_7C                                                                                   \
    (BIT(0) /* PREFETCHWT1 */ | BIT(8) /* GFNI */ | BIT(9) /* VAES */ | BIT(10) /* VPCLMUL */ |    \
     BIT(25) /* CLDEMOTE */ | BIT(27) | BIT(28) /* MOVDIRI, MOVDIR64B */ | AVX512_7C)
#define AVX_7C (BIT(9) | BIT(10))
#define AVX512_7C (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define SHOWN_7D (BIT(4) /* FSRM */ | BIT(10) /* MD_CLEAR */ | BIT(14) /* SERIALIZE */ | AVX512_7D)
#define AVX512_7D (BIT(2) | BIT(3) | BIT(8))
#define SHOWN_7_1A (BIT(4) /* AVX-VNNI */ | BIT(5) /* AVX512_BF16 */ | BIT(10) | BIT(11) | BIT(12))

#define SHOWN_D_1A (BIT(0) /* XSAVEOPT */ | BIT(1) /* XSAVEC */ | BIT(2) /* XGETBV 1 */)

/* Leaf 0x80000001. */
#define SHOWN_E1C                                                                                  \
    (BIT(0) /* LAHF */ | BIT(1) /* CmpLegacy */ | BIT(5) /* ABM */ | BIT(6) /* SSE4A */ |          \
     BIT(7) /* MisAlignSse */ | BIT(8) /* PREFETCHW */ | BIT(11) /* XOP */ | BIT(16) /* FMA4 */ |  \
     BIT(21) /* TBM */)
#define AVX_E1C (BIT(11) | BIT(16))
#define SHOWN_E1D                                                                                  \
    (BIT(11) /* SYSCALL */ | BIT(20) /* NX */ | BIT(22) /* MMXEXT */ | BIT(27) /* RDTSCP */ |      \
     BIT(29) /* long mode */ | BIT(30) | BIT(31) /* 3DNow! */)
#define INVARIANT_TSC BIT(8)
#define SHOWN_E8B (BIT(0) /* CLZERO */ | BIT(2) /* FP error pointers are restored */)
#define SHOWN_E21A (BIT(2) /* LFENCE serializes */ | BIT(6) /* null selectors clear bases */)

static bool has_avx(const struct cpu_features *f)
{
    return f->xsave && (f->xcr0 & XCR0_AVX);
}

static bool has_avx512(const struct cpu_features *f)
{
    return f->xsave && (f->xcr0 & XCR0_AVX512);
}

static void cut_leaf_1(const struct cpu_features *f, struct cpuid_regs *r)
{
    r->c &= SHOWN_1C;
    if (!f->xsave)
        r->c &= ~NEEDS_XSAVE_1C;
    if (!has_avx(f))
        r->c &= ~NEEDS_AVX_1C;
    r->c |= HYPERVISOR_1C;
    r->d &= SHOWN_1D | SHOWN_1D_INTEL;
}

static void cut_leaf_7(uint32_t subleaf, const struct cpu_features *f, struct cpuid_regs *r)
{
    if (subleaf == 1) {
        *r = (struct cpuid_regs){.a = has_avx512(f) ? r->a & SHOWN_7_1A : 0};
        return;
    }
    r->a = MIN(r->a, 1);
    r->b &= SHOWN_7B & ~(has_avx(f) ? 0 : AVX2_7B) & ~(has_avx512(f) ? 0 : AVX512_7B);
    r->c &= SHOWN_7C & ~(has_avx(f) ? 0 : AVX_7C) & ~(has_avx512(f) ? 0 : AVX512_7C);
    r->d &= SHOWN_7D & ~(has_avx512(f) ? 0 : AVX512_7D);
}

/* Subleaf 0's EBX depends on XCR0 and is filled in when it is asked for. */
static void cut_leaf_d(uint32_t subleaf, const struct cpu_features *f, struct cpuid_regs *r)
{
    if (f->xsave && subleaf == 0)
        *r = (struct cpuid_regs){.a = f->xcr0, .b = f->xsave_size, .c = f->xsave_size};
    else if (f->xsave && subleaf == 1)
        *r = (struct cpuid_regs){.a = r->a & SHOWN_D_1A};
    else if (!f->xsave || subleaf > 62 || !(f->xcr0 >> subleaf & 1))
        *r = (struct cpuid_regs){0};
}

static void cut_basic(uint32_t leaf, uint32_t subleaf, const struct cpu_features *f,
                      struct cpuid_regs *r)
{
    switch (leaf) {
    case 0:
        r->a = MIN(r->a, POLICY_MAX_BASIC);
        break;
    case 1:
        cut_leaf_1(f, r);
        break;
    case 2:
    case 4:
    case 0x15:
    case 0x16:
        break;
    case 6:
        *r = (struct cpuid_regs){.a = r->a & BIT(2)}; /* the APIC timer never stops */
        break;
    case 7:
        cut_leaf_7(subleaf, f, r);
        break;
    case 0xd:
        cut_leaf_d(subleaf, f, r);
        break;
    default:
        *r = (struct cpuid_regs){0};
        break;
    }
}

static void cut_extended(uint32_t leaf, const struct cpu_features *f, bool is_hardware,
                         struct cpuid_regs *r)
{
    switch (leaf) {
    case 0x80000000:
        r->a = MIN(r->a, POLICY_MAX_EXTENDED);
        break;
    case 0x80000001:
        r->c &= SHOWN_E1C & ~(has_avx(f) ? 0 : AVX_E1C);
        r->d &= SHOWN_E1D | (f->is_amd ? SHOWN_1D : 0);
        break;
    case 0x80000002 ... 0x80000006:
    case 0x80000019 ... 0x8000001a:
        break;
    case 0x80000007:
        *r = (struct cpuid_regs){.d = is_hardware && f->stable_tsc ? INVARIANT_TSC : 0};
        break;
    case 0x80000008:
        *r = (struct cpuid_regs){.a = r->a, .b = r->b & SHOWN_E8B, .c = r->c};
        break;
    case 0x80000021:
        *r = (struct cpuid_regs){.a = r->a & SHOWN_E21A};
        break;
    default:
        *r = (struct cpuid_regs){0};
        break;
    }
}

void cpuid_policy_cut(uint32_t leaf, uint32_t subleaf, const struct cpu_features *f,
                      bool is_hardware, struct cpuid_regs *r)
{
    if (leaf & 0x80000000)
        cut_extended(leaf, f, is_hardware, r);
    else
        cut_basic(leaf, subleaf, f, r);
}

bool cpuid_has_subleaves(uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xd;
}
