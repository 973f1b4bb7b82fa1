/* The IDT, the SYSCALL and SYSENTER registers and the control registers of a CPU. */
#include "x86/entry_setup.h"

#include "lib/string.h"
#include "memory/hypmap.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/debugreg.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/fpu.h"

/* entry.S */
extern const char entry_stubs[], syscall_stubs[], syscall32_stub[], syscall_stubs_end[];
extern const char syscall_entry[], sysenter_entry[];

#define STUB_SIZE 16
#define VECTORS 256
#define GATE_PRESENT (1UL << 47)
#define GATE_INTERRUPT (0xeUL << 40)

/* SDM vol. 3, figure "64-Bit IDT Gate Descriptors". */
struct gate {
    uint64_t low, high;
};

/* Flags that SYSCALL clears: those with a meaning for Ringfort's own execution. */
#define SYSCALL_CLEARS                                                                             \
    (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM |         \
     RFLAGS_AC | RFLAGS_ID)

/* The same on every CPU. */
static uint64_t own_cr4;

/* Which gates a guest may go through by an INT instruction, and from which ring. */
static unsigned gate_dpl(unsigned vector)
{
    switch (vector) {
    case VEC_BP:
    case VEC_OF:
    case VEC_LINUX_SYSCALL:
        return 3;
    case VEC_HYPERCALL:
        return 1;
    default:
        return 0;
    }
}

static enum ist gate_ist(unsigned vector)
{
    switch (vector) {
    case VEC_DF:
        return IST_DF;
    case VEC_NMI:
        return IST_NMI;
    case VEC_MC:
        return IST_MC;
    case VEC_DB:
        return IST_DB;
    default:
        return IST_NONE;
    }
}

void traps_init(void)
{
    cpu_features_init();
}

/* The page may be every CPU's: then each but the first writes what is there already. */
static void fill_idt(unsigned cpu)
{
    struct gate *idt = cpu_area_writable(cpu, CPU_AREA_IDT);

    for (unsigned vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = (uint64_t)entry_stubs + vector * STUB_SIZE;

        idt[vector].low = GATE_PRESENT | GATE_INTERRUPT | (uint64_t)gate_dpl(vector) << 45 |
                          (uint64_t)gate_ist(vector) << 32 | (stub & 0xffff) |
                          (uint64_t)HV_CS << 16 | (stub >> 16 & 0xffff) << 48;
        idt[vector].high = stub >> 32;
    }
}

static void init_syscall(unsigned cpu)
{
    uint64_t stub = (uint64_t)cpu_area(cpu, CPU_AREA_STUB);
    struct entry_data *data = cpu_area(cpu, CPU_AREA_DATA);

    memcpy(cpu_area_writable(cpu, CPU_AREA_STUB), syscall_stubs, syscall_stubs_end - syscall_stubs);
    data->syscall_target = (uint64_t)syscall_entry;
    wrmsr(MSR_STAR, (uint64_t)0xe023 << 48 | (uint64_t)HV_CS << 32);
    wrmsr(MSR_LSTAR, stub);
    wrmsr(MSR_CSTAR, stub + (syscall32_stub - syscall_stubs));
    wrmsr(MSR_SFMASK, SYSCALL_CLEARS);
    wrmsr_safe(MSR_SYSENTER_CS, HV_CS);
    wrmsr_safe(MSR_SYSENTER_ESP, (uint64_t)cpu_area(cpu, CPU_AREA_STACKS) + STACK_MAIN_TOP -
                                     sizeof(struct cpu_info) + offsetof(struct cpu_user_regs, es));
    wrmsr_safe(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}

uint64_t hv_cr4(void)
{
    return own_cr4;
}

void cpu_init_descriptors(unsigned cpu)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed))
    idtr = {VECTORS * sizeof(struct gate) - 1, (uint64_t)cpu_area(cpu, CPU_AREA_IDT)};

    fill_idt(cpu);
    desc_init_cpu(cpu);
    asm volatile("lidt %0" ::"m"(idtr));
    write_cr0(CR0_PG | CR0_PE | CR0_WP | CR0_NE | CR0_AM | CR0_MP | CR0_ET);
    /* Paging's own bits are set already (memory/hypmap). */
    own_cr4 =
        read_cr4() | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | (cpu_features.xsave ? CR4_OSXSAVE : 0);
    write_cr4(own_cr4);
    cpu_features.smap = own_cr4 & CR4_SMAP;
    init_syscall(cpu);
    fpu_init_cpu();
    write_dr7(DR7_RESET);
    write_dr6(DR6_RESET);
}
