/* Exceptions and interrupts: what they are, and who deals with them. */
#include "control/trace.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "memory/hypmap.h"
#include "memory/mmu.h"
#include "time/timer.h"
#include "x86/bounce.h"
#include "x86/bounce_compat.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/debugreg.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/privop.h"
#include "x86/smp.h"
#include "x86/traps_own.h"

#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define ERROR_EXTERNAL 1u
#define ERROR_IDT 2u
#define SELECTOR_LDT 4u
#define CS_COMPAT 0xe023
/* The flat segments of ring 3 in 32-bit guests. */
#define COMPAT_USER_CS 0xe02b
#define COMPAT_USER_SS 0xe033
#define INT_INSN_LENGTH 2 /* INT n, SYSCALL, SYSENTER */

/* With AC set, SMAP would not watch over Ringfort's own accesses. */
static void clear_ac(const struct cpu_user_regs *regs)
{
    if (unlikely(regs->rflags & RFLAGS_AC))
        asm volatile("pushf; andq %0, (%%rsp); popf" ::"i"(~RFLAGS_AC) : "memory", "cc");
}

/* The processor itself read a descriptor that is not there: a page of the LDT not faulted in yet,
 * or one beyond the guest's tables, which on a real machine would be beyond the limit. */
static bool descriptor_fault(struct vcpu *v, uint64_t va, struct cpu_user_regs *regs)
{
    uint64_t offset = va - (uint64_t)cpu_area(this_cpu(), CPU_AREA_GDT);

    if (offset >= CPU_AREA_STUB)
        return false;
    if (offset < CPU_AREA_LDT) {
        inject_trap(VEC_GP, offset & ~7UL);
    } else if (!mmu_fixup_fault(v, va, regs->error_code, regs)) {
        inject_trap(VEC_GP, ((offset - CPU_AREA_LDT) & ~7UL) | SELECTOR_LDT);
    }
    return true;
}

static void page_fault(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint64_t va = read_cr2();
    uint32_t error = regs->error_code;

    irq_enable();
    if (v->arch.in_kernel && (error & (PF_PRESENT | PF_WRITE)) == (PF_PRESENT | PF_WRITE) &&
        mmu_fixup_fault(v, va, error, regs))
        return;
    if (!(error & PF_USER) && descriptor_fault(v, va, regs))
        return;
    inject_page_fault(va, error);
}

/* A fault with the IDT bit is an INT n that the processor's own table refused: the guest's decides.
 */
static void general_protection(struct vcpu *v, struct cpu_user_regs *regs)
{
    uint32_t error = regs->error_code;

    irq_enable();
    if ((error & (ERROR_IDT | ERROR_EXTERNAL)) == ERROR_IDT) {
        regs->rip += INT_INSN_LENGTH;
        if (bounce_software_interrupt(v, error >> 3))
            return;
        regs->rip -= INT_INSN_LENGTH;
    } else if (error == 0 && privop_emulate(v, regs)) {
        return;
    }
    inject_trap(VEC_GP, error);
}

/* INT 0x80 comes through a gate open to all; the guest's table has the say. */
static void linux_syscall(struct vcpu *v, struct cpu_user_regs *regs)
{
    regs->error_code = 0;
    if (bounce_software_interrupt(v, VEC_LINUX_SYSCALL))
        return;
    regs->rip -= INT_INSN_LENGTH;
    inject_trap(VEC_GP, VEC_LINUX_SYSCALL << 3 | ERROR_IDT);
}

/* The gate lets ring 1 through: kernels of 32-bit guests. */
static void compat_hypercall(struct vcpu *v, struct cpu_user_regs *regs)
{
    if ((uint32_t)regs->rax == __HYPERVISOR_iret)
        compat_iret(v, regs);
    else
        hypercall_dispatch(regs);
}

static void device_not_available(struct vcpu *v)
{
    asm volatile("clts");
    if (!v->arch.cr0_ts)
        return;
    v->arch.cr0_ts = 0;
    inject_trap(VEC_NM, 0);
}

static void debug_exception(struct vcpu *v)
{
    uint64_t dr6 = read_dr6();

    write_dr6(DR6_RESET);
    v->arch.dr[6] |= dr6 & DR6_TRAPS;
    inject_trap(VEC_DB, 0);
}

void handle_exception(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    clear_ac(regs);
    switch (regs->entry_vector) {
    case VEC_PF:
        page_fault(v, regs);
        break;
    case VEC_GP:
        general_protection(v, regs);
        break;
    case VEC_UD:
        if (!privop_forced_cpuid(v, regs))
            inject_trap(VEC_UD, 0);
        break;
    case VEC_LINUX_SYSCALL:
        linux_syscall(v, regs);
        break;
    case VEC_HYPERCALL:
        irq_enable();
        compat_hypercall(v, regs);
        break;
    case VEC_NM:
        device_not_available(v);
        break;
    case VEC_DB:
        debug_exception(v);
        break;
    case VEC_NMI:
        nonmaskable_interrupt();
        break;
    case VEC_MC:
        machine_check(regs);
    default:
        inject_trap(regs->entry_vector, regs->error_code);
        break;
    }
}

void handle_interrupt(struct cpu_user_regs *regs)
{
    uint8_t vector = regs->entry_vector;

    clear_ac(regs);
    trace(RINGFORT_EVENT_INTERRUPT, current, vector, 0);
    switch (vector) {
    case VEC_LAPIC_TIMER:
        lapic_eoi();
        timer_interrupt();
        break;
    case VEC_IPI_WORK:
        lapic_eoi(); /* the exit path and the idle loop look at the work bits */
        break;
    case VEC_IPI_CALL:
        lapic_eoi();
        smp_call_interrupt();
        break;
    case VEC_LAPIC_ERROR:
        lapic_error_interrupt();
        break;
    case VEC_FIRST_DEVICE ... VEC_LAST_DEVICE:
        irq_dispatch(vector);
        break;
    default:
        break; /* spurious: of the local APIC, or of an 8259 before it was masked */
    }
}

/* SYSCALL and SYSENTER do not say where they come from: ring 3, which is where they make sense. */
static void compat_user_segments(struct cpu_user_regs *regs)
{
    regs->cs = COMPAT_USER_CS;
    regs->ss = COMPAT_USER_SS;
}

/* SYSCALL to the kernel's own handler; RIP is behind the instruction. */
static void bounce_syscall(struct vcpu *v, struct cpu_user_regs *regs,
                           const struct guest_callback *cb)
{
    if (likely(cb->address)) {
        bounce_callback(v, cb);
        return;
    }
    regs->rip -= INT_INSN_LENGTH;
    inject_trap(VEC_UD, 0);
}

void handle_guest_syscall(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (likely(v->arch.in_kernel && !v->domain->is_compat)) {
        irq_enable();
        hypercall_dispatch(regs);
    } else if (v->arch.in_kernel) {
        compat_user_segments(regs);
        bounce_syscall(v, regs, &v->arch.syscall32);
    } else {
        bounce_syscall(v, regs, regs->cs == CS_COMPAT ? &v->arch.syscall32 : &v->arch.syscall);
    }
}

/* The guest's handler learns where to return to by its own convention; RIP and RSP are lost. */
void handle_sysenter(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    clear_ac(regs);
    regs->rflags = guest_flags(regs->rflags);
    if (v->domain->is_compat)
        compat_user_segments(regs);
    if (!guest_in_kernel(v, regs) && v->arch.sysenter.address)
        bounce_callback(v, &v->arch.sysenter);
    else
        inject_trap(VEC_GP, 0);
}
