/*
 * Bounces to 32-bit kernels. The frame that a handler finds on its stack, from high to low:
 *
 *     [ss, esp,] eflags, cs | saved upcall mask << 16, eip, [error code]
 *
 * with ss and esp only where the ring has changed, as the processor itself does it. For the
 * failsafe callback the place of the error code is taken by gs, fs, es, ds (high to low). Kernel
 * stacks are taken to be flat, whatever segment they are in.
 */
#include "x86/bounce_compat.h"

#include "domain/domain.h"
#include "lib/abi32.h"
#include "memory/guest_copy.h"
#include "x86/bounce.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/selector.h"

#define FRAME_WORDS_MAX 9
#define INT_INSN_LENGTH 2

static bool leaves_ring(uint16_t cs)
{
    return (cs & RPL_MASK) != RPL_KERNEL32;
}

void bounce_compat(struct vcpu *v, uint16_t cs, uint32_t address, bool masks_events,
                   const uint64_t *extra, unsigned extra_count)
{
    struct cpu_user_regs *regs = guest_regs();
    struct vcpu_info *info = v->event.info;
    bool masked = READ_ONCE(info->evtchn_upcall_mask) & 1;
    bool outer = leaves_ring(regs->cs);
    uint32_t frame[FRAME_WORDS_MAX], *word = frame;
    uint32_t sp = outer ? v->arch.kernel_sp : regs->rsp;
    size_t size;

    for (unsigned i = 0; i < extra_count; i++)
        *word++ = extra[i];
    *word++ = regs->rip;
    *word++ = regs->cs | (uint32_t)masked << 16;
    *word++ = (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);
    if (outer) {
        *word++ = regs->rsp;
        *word++ = regs->ss;
    }
    size = (word - frame) * sizeof(*frame);
    sp -= size;
    if (!copy_to_guest(sp, frame, size)) {
        domain_crash(v->domain, "no room for an entry frame at %#x", sp);
        return;
    }
    if (masks_events)
        WRITE_ONCE(info->evtchn_upcall_mask, 1);
    regs->rsp = sp;
    if (outer)
        regs->ss = v->arch.kernel_ss;
    regs->cs = code_selector(true, cs);
    regs->rip = address;
    regs->rflags = (regs->rflags & ~HANDLER_CLEARS) | RFLAGS_IF;
}

/* What the iret stub of the hypercall page has on the stack. */
struct iret_frame {
    uint32_t eax, eip, cs, eflags;
    uint32_t esp, ss; /* only where the ring changes */
};

void compat_iret(struct vcpu *v, struct cpu_user_regs *regs)
{
    const size_t inner = offsetof(struct iret_frame, esp);
    uint32_t sp = regs->rsp;
    struct iret_frame f;
    bool outer;

    if (!copy_from_guest(&f, sp, inner))
        goto no_frame;
    outer = (f.cs & RPL_MASK) > RPL_KERNEL32;
    if (outer && !copy_from_guest(&f.esp, sp + inner, sizeof(f) - inner))
        goto no_frame;
    /* The processor has no virtual 8086 mode below 64-bit code. */
    if (f.eflags & RFLAGS_VM) {
        regs->rip -= INT_INSN_LENGTH;
        inject_trap(VEC_GP, 0);
        return;
    }
    regs->rax = f.eax;
    regs->rip = f.eip;
    regs->cs = code_selector(true, f.cs);
    regs->rflags = guest_flags(f.eflags);
    regs->rsp = outer ? f.esp : sp + inner;
    if (outer)
        regs->ss = kernel_selector(true, f.ss);
    WRITE_ONCE(v->event.info->evtchn_upcall_mask, !(f.eflags & RFLAGS_IF));
    v->arch.nmi_in_service = false;
    return;
no_frame:
    domain_crash(v->domain, "no IRET frame at %#x", sp);
}
