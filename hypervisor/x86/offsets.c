/* Numbers that assembly shares with C: compiled to assembly only, and turned into offsets.h by the
 * Makefile. Not linked. */
#include "domain/domain.h"
#include "lib/config.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"

#define OFFSET(sym, val) asm volatile("\n->" #sym " %0" ::"i"((long)(val)))

void offsets(void);

void offsets(void)
{
    OFFSET(REGS_R15, offsetof(struct cpu_user_regs, r15));
    OFFSET(REGS_R14, offsetof(struct cpu_user_regs, r14));
    OFFSET(REGS_R13, offsetof(struct cpu_user_regs, r13));
    OFFSET(REGS_R12, offsetof(struct cpu_user_regs, r12));
    OFFSET(REGS_RBP, offsetof(struct cpu_user_regs, rbp));
    OFFSET(REGS_RBX, offsetof(struct cpu_user_regs, rbx));
    OFFSET(REGS_R11, offsetof(struct cpu_user_regs, r11));
    OFFSET(REGS_R10, offsetof(struct cpu_user_regs, r10));
    OFFSET(REGS_R9, offsetof(struct cpu_user_regs, r9));
    OFFSET(REGS_R8, offsetof(struct cpu_user_regs, r8));
    OFFSET(REGS_RAX, offsetof(struct cpu_user_regs, rax));
    OFFSET(REGS_RCX, offsetof(struct cpu_user_regs, rcx));
    OFFSET(REGS_RDX, offsetof(struct cpu_user_regs, rdx));
    OFFSET(REGS_RSI, offsetof(struct cpu_user_regs, rsi));
    OFFSET(REGS_RDI, offsetof(struct cpu_user_regs, rdi));
    OFFSET(REGS_ERROR, offsetof(struct cpu_user_regs, error_code));
    OFFSET(REGS_RIP, offsetof(struct cpu_user_regs, rip));
    OFFSET(REGS_CS, offsetof(struct cpu_user_regs, cs));
    OFFSET(REGS_RFLAGS, offsetof(struct cpu_user_regs, rflags));
    OFFSET(REGS_RSP, offsetof(struct cpu_user_regs, rsp));
    OFFSET(REGS_SS, offsetof(struct cpu_user_regs, ss));
    OFFSET(REGS_ES, offsetof(struct cpu_user_regs, es));

    OFFSET(INFO_GUEST_CR3, offsetof(struct cpu_info, guest_cr3));
    OFFSET(INFO_HV_CR3, offsetof(struct cpu_info, hv_cr3));
    OFFSET(INFO_SIZE, sizeof(struct cpu_info));

    OFFSET(ENTRY_DATA_RSP, offsetof(struct entry_data, guest_rsp));
    OFFSET(ENTRY_DATA_TARGET, offsetof(struct entry_data, syscall_target));

    OFFSET(AREA_STUB, CPU_AREA_STUB);
    OFFSET(AREA_DATA, CPU_AREA_DATA);
    OFFSET(AREA_STACK_TOP, CPU_AREA_STACKS + STACK_MAIN_TOP);
    OFFSET(STACK_BLOCK, STACKS_SIZE);
    OFFSET(PAGE_BYTES, PAGE_SIZE);

    OFFSET(NR_EXCEPTIONS, VEC_EXCEPTIONS);
    OFFSET(NR_LINUX_SYSCALL, VEC_LINUX_SYSCALL);
    OFFSET(NR_HYPERCALL, VEC_HYPERCALL);
    OFFSET(SLOW_FLAGS, RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC);
}
