/* Exceptions in Ringfort itself, and those that are the machine's rather than a guest's. */
#include "x86/traps_own.h"

#include "domain/domain.h"
#include <xen/nmi.h>

#include "lib/abi32.h"
#include "lib/assert.h"
#include "schedule/schedule.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/debugreg.h"
#include "x86/entry.h"
#include "x86/extable.h"
#include "x86/msr.h"
#include "x86/smp.h"

/* Bits of port 0x61 that say why an NMI came, and the ABI's numbers for them. */
#define NMI_PORT 0x61
#define NMI_PORT_SERR 0x80
#define NMI_PORT_IOCHK 0x40

/* entry.S */
extern const char sysenter_entry[], sysenter_flags_saved[];

static void tell_reason(struct domain *d, uint32_t reason)
{
    struct shared_info_x86_32 *narrow = (struct shared_info_x86_32 *)d->shared_info;

    if (d->is_compat)
        __atomic_fetch_or(&narrow->arch.nmi_reason, reason, __ATOMIC_RELAXED);
    else
        __atomic_fetch_or(&d->shared_info->arch.nmi_reason, reason, __ATOMIC_RELAXED);
}

/* A real NMI is Domain0's to look into. No lock: Ringfort may have been interrupted anywhere. */
void nonmaskable_interrupt(void)
{
    struct vcpu *v = domain0 ? domain_vcpu(domain0, 0) : NULL;
    uint8_t reason;

    if (smp_stopping())
        for (;;)
            asm volatile("cli; hlt");
    reason = inb(NMI_PORT);
    if (!v || !(reason & (NMI_PORT_SERR | NMI_PORT_IOCHK)))
        return;
    if (reason & NMI_PORT_SERR)
        tell_reason(domain0, XEN_NMIREASON_pci_serr);
    if (reason & NMI_PORT_IOCHK)
        tell_reason(domain0, XEN_NMIREASON_io_error);
    WRITE_ONCE(v->arch.nmi_pending, true);
    work_raise(v->sched.cpu, WORK_SCHEDULE);
}

void machine_check(const struct cpu_user_regs *regs)
{
    panic_at(regs, "machine check, status of bank 0 %#lx", rdmsr(MSR_MC0_STATUS));
}

void handle_own_exception(struct cpu_user_regs *regs)
{
    uint64_t va = read_cr2();
    unsigned vector = regs->entry_vector;

    if (current)
        current->arch.return_fault = vector;
    if (extable_fixup(regs))
        return;
    if (vector == VEC_PF)
        panic_at(regs, "page fault at %#lx, error code %#x", va, regs->error_code);
    panic_at(regs, "exception %u, error code %#x", vector, regs->error_code);
}

/* True before SYSENTER's entry has saved the flags, TF among them, for the guest's kernel. */
static bool flags_are_users(const struct cpu_user_regs *regs)
{
    return regs->rip >= (uint64_t)sysenter_entry && regs->rip < (uint64_t)sysenter_flags_saved;
}

void handle_ist_exception(struct cpu_user_regs *regs)
{
    switch (regs->entry_vector) {
    case VEC_DB:
        /* A guest's own doing: a breakpoint on data that it handed to us, MOV SS before SYSCALL, or
         * SYSENTER with TF. */
        write_dr6(DR6_RESET);
        if (!flags_are_users(regs))
            regs->rflags &= ~RFLAGS_TF;
        return;
    case VEC_NMI:
        nonmaskable_interrupt();
        return;
    case VEC_MC:
        machine_check(regs);
    default:
        panic_at(regs, "double fault");
    }
}
