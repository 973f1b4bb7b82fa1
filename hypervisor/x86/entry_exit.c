/* Between a handler and the return to a guest; and the returns that a guest asks for or spoils. */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "memory/hypmap.h"
#include "memory/mmu.h"
#include "schedule/work.h"
#include "x86/bounce.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/guest_word.h"

/* Flags that a guest cannot set for itself. RF it may; NT is harmless there. */
#define FLAGS_FORBIDDEN (RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)
#define FLAGS_ALWAYS 2UL

void prepare_exit(void)
{
    struct vcpu *v = current;

    for (;;) {
        if (unlikely(work_pending_here())) {
            irq_enable();
            work_run();
            irq_disable();
        } else if (unlikely(!mfn_eq(v->memory.dying_table, INVALID_MFN))) {
            irq_enable();
            mmu_drain_dying(v);
            irq_disable();
        } else if (likely(!bounce_due(v) || (!bounce_pending(v) && !work_pending_here()))) {
            break; /* a domain that the bounce has crashed leaves work to do */
        }
    }
    assert(!v->domain->is_compat || guest_regs()->cs != FLAT_CS64);
}

/* The fault's frame and handler were on the page of the guest's frame, below it, which under
 * isolation the next guest's view has too. C's stack lies lower. */
static void clear_below(struct cpu_user_regs *regs)
{
    uint64_t used = (uint64_t)regs & ~PAGE_MASK;

    memset((char *)regs - used, 0, used);
}

/* A page of the LDT that was not faulted in yet, or a state no processor accepts. Interrupts are
 * off and CR2 is still the fault's. */
void handle_failed_return(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    uint64_t va = read_cr2();
    uint16_t selectors[4];

    clear_below(regs);
    irq_enable();
    if (v->arch.return_fault == VEC_PF && va >= HV_VIRT_START && va < HV_VIRT_END &&
        mmu_fixup_fault(v, va, 0, regs))
        return;
    read_selectors(selectors);
    bounce_failsafe(v, selectors);
}

uint64_t guest_flags(uint64_t wanted)
{
    return (wanted & ~FLAGS_FORBIDDEN & 0xffffffffUL) | RFLAGS_IF | FLAGS_ALWAYS;
}

static bool read_frame(uint64_t sp, struct iret_context *frame)
{
    uint64_t *word = (uint64_t *)frame;

    if (sp + sizeof(*frame) - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START + sizeof(*frame))
        return false;
    guest_access_begin();
#pragma GCC unroll 12
    for (unsigned i = 0; i < sizeof(*frame) / sizeof(*word); i++)
        get_guest_word(&word[i], sp + i * sizeof(*word), fault);
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

/* The state that the frame asks for; regs->rcx and r11 fit SYSRET where the guest lets us choose.
 */
static void load_frame(struct cpu_user_regs *regs, const struct iret_context *frame)
{
    regs->rip = frame->rip;
    regs->cs = frame->cs | 3;
    regs->rflags = guest_flags(frame->rflags);
    regs->rsp = frame->rsp;
    regs->ss = frame->ss | 3;
    if (frame->flags & VGCF_in_syscall) {
        regs->rcx = regs->rip;
        regs->r11 = regs->rflags;
    } else {
        regs->rcx = frame->rcx;
        regs->r11 = frame->r11;
    }
}

long do_iret(void)
{
    struct vcpu *v = current;
    struct cpu_user_regs *regs = guest_regs();
    struct iret_context frame;
    bool to_user;

    if (unlikely(!read_frame(regs->rsp, &frame))) {
        domain_crash(v->domain, "no IRET frame at %#lx", regs->rsp);
        return 0;
    }
    to_user = (frame.cs & 3) == 3;
    if (to_user && unlikely(mfn_eq(v->memory.user_root, INVALID_MFN))) {
        domain_crash(v->domain, "return to user mode without a user base pointer");
        return 0;
    }
    load_frame(regs, &frame);
    WRITE_ONCE(v->event.info->evtchn_upcall_mask, !(frame.rflags & RFLAGS_IF));
    v->arch.nmi_in_service = false;
    if (to_user && v->arch.in_kernel)
        toggle_mode(v);
    return frame.rax;
}
