/* One-instruction wrappers and the numbers that go with them (SDM volumes 2 to 4). */
#ifndef X86_CPU_H
#define X86_CPU_H

#include "lib/types.h"

#define CR0_PE (1UL << 0)
#define CR0_MP (1UL << 1)
#define CR0_TS (1UL << 3)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_PG (1UL << 31)

#define CR4_TSD (1UL << 2)
#define CR4_DE (1UL << 3)
#define CR4_PAE (1UL << 5)
#define CR4_MCE (1UL << 6)
#define CR4_PGE (1UL << 7)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP (1UL << 11)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_PCIDE (1UL << 17)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)
#define CR4_SMAP (1UL << 21)

#define RFLAGS_TF (1UL << 8)
#define RFLAGS_IF (1UL << 9)
#define RFLAGS_DF (1UL << 10)
#define RFLAGS_IOPL (3UL << 12)
#define RFLAGS_NT (1UL << 14)
#define RFLAGS_RF (1UL << 16)
#define RFLAGS_VM (1UL << 17)
#define RFLAGS_AC (1UL << 18)
#define RFLAGS_VIF (1UL << 19)
#define RFLAGS_VIP (1UL << 20)
#define RFLAGS_ID (1UL << 21)

#define MSR_APIC_BASE 0x1b
#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_PAT 0x277
#define MSR_X2APIC_BASE 0x800
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103

#define PRED_CMD_IBPB (1UL << 0)

#define EFER_SCE (1UL << 0)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define EFER_NXE (1UL << 11)

enum vector {
    VEC_DE,
    VEC_DB,
    VEC_NMI,
    VEC_BP,
    VEC_OF,
    VEC_BR,
    VEC_UD,
    VEC_NM,
    VEC_DF,
    VEC_CSO,
    VEC_TS,
    VEC_NP,
    VEC_SS,
    VEC_GP,
    VEC_PF,
    VEC_SPURIOUS_PIC,
    VEC_MF,
    VEC_AC,
    VEC_MC,
    VEC_XM,
    VEC_EXCEPTIONS = 32,
    VEC_FIRST_DEVICE = 0x30, /* device interrupts: 0x30..0xdf without 0x80 and 0x82 */
    VEC_LINUX_SYSCALL = 0x80,
    VEC_HYPERCALL = 0x82,
    VEC_LAST_DEVICE = 0xdf,
    VEC_LAPIC_TIMER = 0xf0,
    VEC_IPI_WORK = 0xf1, /* look at this CPU's work bits */
    VEC_IPI_CALL = 0xf2, /* run the pending remote call (TLB flush and the like) */
    VEC_LAPIC_ERROR = 0xfe,
    VEC_LAPIC_SPURIOUS = 0xff,
};

/* For registers that exist: others fault, and a fault here is a panic. */
static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* As rdmsr, but false (and *value 0) where the processor refuses; x86/extable has the fix-up. */
bool rdmsr_safe(uint32_t msr, uint64_t *value);
/* As wrmsr, but false where the processor refuses. */
bool wrmsr_safe(uint32_t msr, uint64_t value);

struct cpuid_regs {
    uint32_t a, b, c, d;
};

static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r;

    asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}

/* RDTSC that no earlier load can pass. */
static inline uint64_t rdtsc_ordered(void)
{
    asm volatile("lfence" ::: "memory");
    return rdtsc();
}

#define DEFINE_CR(n)                                                                               \
    static inline unsigned long read_cr##n(void)                                                   \
    {                                                                                              \
        unsigned long v;                                                                           \
        asm volatile("mov %%cr" #n ", %0" : "=r"(v));                                              \
        return v;                                                                                  \
    }                                                                                              \
    static inline void write_cr##n(unsigned long v)                                                \
    {                                                                                              \
        asm volatile("mov %0, %%cr" #n ::"r"(v) : "memory");                                       \
    }
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)

#define DEFINE_DR(n)                                                                               \
    static inline unsigned long read_dr##n(void)                                                   \
    {                                                                                              \
        unsigned long v;                                                                           \
        asm volatile("mov %%dr" #n ", %0" : "=r"(v));                                              \
        return v;                                                                                  \
    }                                                                                              \
    static inline void write_dr##n(unsigned long v)                                                \
    {                                                                                              \
        asm volatile("mov %0, %%dr" #n ::"r"(v));                                                  \
    }
DEFINE_DR(0)
DEFINE_DR(1)
DEFINE_DR(2)
DEFINE_DR(3)
DEFINE_DR(6)
DEFINE_DR(7)

#define DEFINE_PORT(suffix, type)                                                                  \
    static inline type in##suffix(uint16_t port)                                                   \
    {                                                                                              \
        type v;                                                                                    \
        asm volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port));                               \
        return v;                                                                                  \
    }                                                                                              \
    static inline void out##suffix(uint16_t port, type v)                                          \
    {                                                                                              \
        asm volatile("out" #suffix " %0, %1" ::"a"(v), "Nd"(port));                                \
    }
DEFINE_PORT(b, uint8_t)
DEFINE_PORT(w, uint16_t)
DEFINE_PORT(l, uint32_t)

static inline void irq_disable(void)
{
    asm volatile("cli" ::: "memory");
}

static inline void irq_enable(void)
{
    asm volatile("sti" ::: "memory");
}

static inline unsigned long read_flags(void)
{
    unsigned long f;

    asm volatile("pushf; pop %0" : "=r"(f)::"memory");
    return f;
}

/* Switches interrupts off and returns the flags as they were, for irq_restore. */
static inline unsigned long irq_save(void)
{
    unsigned long f = read_flags();

    irq_disable();
    return f;
}

static inline void irq_restore(unsigned long f)
{
    if (f & RFLAGS_IF)
        irq_enable();
    else
        irq_disable();
}

static inline bool irq_enabled(void)
{
    return read_flags() & RFLAGS_IF;
}

static inline void cpu_relax(void)
{
    asm volatile("pause" ::: "memory");
}

static inline void invlpg(const void *va)
{
    asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* Drops one address of one context. Faults where the processor has no INVPCID, and for an address
 * that is not canonical. */
static inline void invpcid_address(uint64_t pcid, uint64_t va)
{
    const struct {
        uint64_t pcid, address;
    } what = {pcid, va};

    asm volatile("invpcid %0, %1" ::"m"(what), "r"(0ul) : "memory");
}

static inline void wbinvd(void)
{
    asm volatile("wbinvd" ::: "memory");
}

/* Enables interrupts and halts with no gap between the two. */
static inline void sti_hlt(void)
{
    asm volatile("sti; hlt" ::: "memory");
}

/* True for the 48-bit sign-extended addresses that processors accept. */
static inline bool is_canonical(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

#endif
