/*
 * Bounces. The frame that a handler finds on its kernel stack, from high to low:
 *
 *     ss, rsp, rflags, cs | saved upcall mask << 32, rip, [error code], r11, rcx
 *
 * A frame of kernel mode has RPL 0 in cs, by which the guest knows it. For the failsafe callback the
 * place of the error code is taken by gs, fs, es, ds (high to low).
 */
#include "x86/bounce.h"

#include "domain/domain.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"

#define TRAP_MASKS_EVENTS 4      /* struct trap_info.flags */
#define TRAP_DPL 3
#define ERROR_CODE_VECTORS 0x60227d00u /* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX */
#define PF_USER 4u

#define FLAT_CS64 0xe033
#define FLAT_SS 0xe02b

/* Flags that a handler starts without; AC among them because of SMAP in the guest's own idea. */
#define HANDLER_CLEARS (RFLAGS_TF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

struct entry_point {
    uint64_t address;
    bool masks_events;
    unsigned extra_count;        /* words between rip and r11 */
    uint64_t extra[4];           /* low to high */
};

void toggle_mode(struct vcpu *v)
{
    irq_disable();
    v->arch.in_kernel = !v->arch.in_kernel;
    asm volatile("swapgs" ::: "memory");
    root_load_current();
}

/* Flags as the guest sees them: IF is its upcall mask. */
static uint64_t visible_flags(const struct cpu_user_regs *regs, bool masked)
{
    return (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);
}

static void enter_handler(struct vcpu *v, const struct entry_point *to)
{
    struct cpu_user_regs *regs = guest_regs();
    struct vcpu_info *info = v->event.info;
    bool masked = READ_ONCE(info->evtchn_upcall_mask) & 1;
    uint64_t frame[7 + ARRAY_SIZE(to->extra)], *word = frame, sp;
    uint64_t cs = regs->cs;

    if (v->arch.in_kernel) {
        sp = regs->rsp;
        cs &= ~3UL;
    } else {
        toggle_mode(v);
        sp = v->arch.kernel_sp;
    }
    *word++ = regs->rcx;
    *word++ = regs->r11;
    for (unsigned i = 0; i < to->extra_count; i++)
        *word++ = to->extra[i];
    *word++ = regs->rip;
    *word++ = cs | (uint64_t)masked << 32;
    *word++ = visible_flags(regs, masked);
    *word++ = regs->rsp;
    *word++ = regs->ss;
    sp = (sp & ~15UL) - (word - frame) * sizeof(*word);
    if (!copy_to_guest(sp, frame, (word - frame) * sizeof(*word))) {
        domain_crash(v->domain, "no room for an entry frame at %#lx", sp);
        return;
    }
    if (to->masks_events)
        WRITE_ONCE(info->evtchn_upcall_mask, 1);
    regs->rsp = sp;
    regs->ss = FLAT_SS;
    regs->rip = to->address;
    regs->cs = FLAT_CS64;
    regs->rflags = (regs->rflags & ~HANDLER_CLEARS) | RFLAGS_IF;
    /* The handler has the real values in its frame; with these SYSRET will do. */
    regs->rcx = regs->rip;
    regs->r11 = regs->rflags;
}

void bounce_callback(struct vcpu *v, const struct guest_callback *cb)
{
    struct entry_point to = {.address = cb->address, .masks_events = cb->masks_events};

    enter_handler(v, &to);
}

void bounce_failsafe(struct vcpu *v, const uint16_t selectors[4])
{
    struct entry_point to = {
        .address = v->arch.failsafe.address,
        .masks_events = v->arch.failsafe.masks_events,
        .extra_count = 4,
        .extra = {selectors[0], selectors[1], selectors[2], selectors[3]},
    };

    if (to.address)
        enter_handler(v, &to);
    else
        domain_crash(v->domain, "no failsafe callback");
}

/* True when the trap table has a handler for the vector, and control went to it. */
static bool enter_trap(struct vcpu *v, unsigned vector, bool has_error, uint32_t error)
{
    const struct trap_info *trap = &v->arch.traps[vector];
    struct entry_point to = {
        .address = trap->address,
        .masks_events = trap->flags & TRAP_MASKS_EVENTS,
        .extra_count = has_error,
        .extra = {error},
    };

    if (to.address)
        enter_handler(v, &to);
    return to.address != 0;
}

void inject_trap(unsigned vector, uint32_t error)
{
    struct vcpu *v = current;
    bool has_error = vector < VEC_EXCEPTIONS && (ERROR_CODE_VECTORS >> vector & 1);

    if (!enter_trap(v, vector, has_error, error))
        domain_crash(v->domain, "no handler for exception %u, error code %#x", vector, error);
}

void inject_page_fault(uint64_t va, uint32_t error)
{
    struct vcpu *v = current;

    v->event.info->arch.cr2 = va;
    if (v->arch.in_kernel)
        error &= ~PF_USER;
    if (!enter_trap(v, VEC_PF, true, error))
        domain_crash(v->domain, "no handler for a page fault at %#lx, error code %#x", va, error);
}

bool bounce_software_interrupt(struct vcpu *v, uint8_t vector)
{
    unsigned ring = v->arch.in_kernel ? 1 : 3;

    if ((v->arch.traps[vector].flags & TRAP_DPL) < ring)
        return false;
    return enter_trap(v, vector, false, 0);
}

static bool deliver_nmi(struct vcpu *v)
{
    if (v->arch.nmi_in_service || !v->arch.traps[VEC_NMI].address)
        return false;
    v->arch.nmi_pending = false;
    v->arch.nmi_in_service = true;
    return enter_trap(v, VEC_NMI, false, 0);
}

bool bounce_pending(struct vcpu *v)
{
    if (unlikely(v->arch.segments_lost)) {
        v->arch.segments_lost = false;
        bounce_failsafe(v, v->arch.lost_selectors);
        return true;
    }
    if (unlikely(v->arch.mce_pending)) {
        v->arch.mce_pending = false;
        if (enter_trap(v, VEC_MC, false, 0))
            return true;
    }
    if (unlikely(v->arch.nmi_pending) && deliver_nmi(v))
        return true;
    if (event_deliverable(v->event.info) && v->arch.event.address) {
        struct entry_point to = {.address = v->arch.event.address, .masks_events = true};

        enter_handler(v, &to);
        return true;
    }
    return false;
}
