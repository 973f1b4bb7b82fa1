/*
 * Who runs here. Each CPU's stacks fill one aligned block (lib/config.h), and its top holds this
 * structure, so the stack pointer alone leads to it: no segment register is spent, which leaves
 * both GS bases to the guest and makes a guest's switch between kernel and user one SWAPGS.
 */
#ifndef X86_CURRENT_H
#define X86_CURRENT_H

#include "lib/abi.h"

#include "lib/config.h"
#include "lib/types.h"

struct vcpu;

/* Lies at STACK_MAIN_TOP - sizeof(struct cpu_info). TSS.RSP0 points at `regs.es`: hardware pushes
 * SS to RIP below it, the stubs push the error code, the vector and the general registers. */
struct cpu_info {
    struct cpu_user_regs regs; /* of the guest that runs or was interrupted here */
    struct vcpu *vcpu;
    uint64_t guest_cr3; /* isolation: what the exit path loads; 0 without isolation */
    uint64_t hv_cr3;    /* isolation: what the entry path loads; 0 while inside Ringfort */
    uint32_t cpu;       /* this CPU's index */
    uint32_t pad;
};

/* The processor aligns the stack pointer down to 16 before it pushes; RSP0 must not move by that.
 */
_Static_assert((sizeof(struct cpu_info) - offsetof(struct cpu_user_regs, es)) % 16 == 0,
               "RSP0 must be 16-byte aligned");

/* This CPU's structure, from any of its stacks. */
static inline struct cpu_info *cpu_info(void)
{
    unsigned long sp;

    asm("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp & ~(STACKS_SIZE - 1)) + STACKS_SIZE) - 1;
}

/* The vCPU that runs on this CPU; never NULL once domains exist (the idle domain's vCPU at least).
 */
#define current (cpu_info()->vcpu)
#define this_cpu() (cpu_info()->cpu)
/* Registers of the guest that entered Ringfort on this CPU. */
#define guest_regs() (&cpu_info()->regs)

#endif
