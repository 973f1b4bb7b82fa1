/*
 * Bounces. The frame that a handler finds on its kernel stack, from high to low:
 *
 *     ss, rsp, rflags, cs | saved upcall mask << 32, rip, [error code], r11, rcx
 *
 * A frame of kernel mode has RPL 0 in cs, by which the guest knows it. For the failsafe callback
 * the place of the error code is taken by gs, fs, es, ds (high to low).
 */
#include "x86/bounce.h"

#include "domain/domain.h"
#include "lib/abi32.h"
#include "memory/hypmap.h"
#include "time/time.h"
#include "x86/bounce_compat.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/guest_word.h"
#include "x86/selector.h"

#define TRAP_MASKS_EVENTS 4 /* struct trap_info.flags */
#define TRAP_DPL 3
#define ERROR_CODE_VECTORS 0x60227d00u /* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX */
#define PF_USER 4u

#define FRAME_MAX 88 /* bytes of the longest frame, failsafe's */
#define FLAT_SS 0xe02b

void toggle_mode(struct vcpu *v)
{
    irq_disable();
    v->arch.in_kernel = !v->arch.in_kernel;
    asm volatile("swapgs" ::: "memory");
    root_load_wide();
    if (unlikely(v->time.areas_due))
        time_update_areas(v);
}

/* Flags as the guest sees them: IF is its upcall mask. */
static uint64_t visible_flags(const struct cpu_user_regs *regs, bool masked)
{
    return (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);
}

/* Writes `words` (a constant: the compiler unrolls this) to the guest's stack. A frame is short, so
 * one comparison keeps it out of Ringfort's range; other bad addresses fault. */
static inline __attribute__((always_inline)) bool write_frame(uint64_t sp, const uint64_t *frame,
                                                              unsigned words)
{
    if (sp + FRAME_MAX - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START + FRAME_MAX)
        return false;
    guest_access_begin();
#pragma GCC unroll 12
    for (unsigned i = 0; i < words; i++)
        put_guest_word(sp + i * sizeof(*frame), frame[i], fault);
    guest_access_end();
    return true;
fault:
    guest_access_end();
    return false;
}

/* The bounce itself; 32-bit guests choose the code segment too. `extra` (of `extra_count` words,
 * low to high) goes between rip and r11. */
static inline __attribute__((always_inline)) void
enter_handler(struct vcpu *v, const uint16_t *compat_cs, uint64_t address, bool masks_events,
              const uint64_t *extra, unsigned extra_count)
{
    struct cpu_user_regs *regs = guest_regs();
    struct vcpu_info *info = v->event.info;
    bool masked = READ_ONCE(info->evtchn_upcall_mask) & 1;
    uint64_t frame[FRAME_MAX / 8], *word = frame, sp = regs->rsp, cs = regs->cs;

    if (v->arch.in_kernel) {
        if (unlikely(v->domain->is_compat)) {
            bounce_compat(v, *compat_cs, address, masks_events, extra, extra_count);
            return;
        }
        cs &= ~3UL;
    } else {
        toggle_mode(v);
        sp = v->arch.kernel_sp;
    }
    *word++ = regs->rcx;
    *word++ = regs->r11;
    for (unsigned i = 0; i < extra_count; i++)
        *word++ = extra[i];
    *word++ = regs->rip;
    *word++ = cs | (uint64_t)masked << 32;
    *word++ = visible_flags(regs, masked);
    *word++ = regs->rsp;
    *word++ = regs->ss;
    sp = (sp & ~15UL) - (7 + extra_count) * sizeof(*word);
    if (unlikely(!write_frame(sp, frame, 7 + extra_count))) {
        domain_crash(v->domain, "no room for an entry frame at %#lx", sp);
        return;
    }
    if (masks_events)
        WRITE_ONCE(info->evtchn_upcall_mask, 1);
    regs->rsp = sp;
    regs->ss = FLAT_SS;
    regs->cs = FLAT_CS64;
    /* The handler has the real RCX and R11 in its frame; with these SYSRET will do. */
    regs->rcx = regs->rip = address;
    regs->r11 = regs->rflags = (regs->rflags & ~HANDLER_CLEARS) | RFLAGS_IF;
}

void bounce_callback(struct vcpu *v, const struct guest_callback *cb)
{
    enter_handler(v, &cb->cs, cb->address, cb->masks_events, NULL, 0);
}

void bounce_failsafe(struct vcpu *v, const uint16_t selectors[4])
{
    const uint64_t extra[] = {selectors[0], selectors[1], selectors[2], selectors[3]};

    /* A stack segment of ring 1 may be what the processor has refused. */
    if (v->domain->is_compat && !selector_is_users(guest_regs()->cs))
        guest_regs()->ss = FLAT_KERNEL_SS_X86_32;
    if (v->arch.failsafe.address)
        enter_handler(v, &v->arch.failsafe.cs, v->arch.failsafe.address,
                      v->arch.failsafe.masks_events, extra, ARRAY_SIZE(extra));
    else
        domain_crash(v->domain, "no failsafe callback");
}

/* True when the trap table has a handler for the vector, and control went to it. */
static bool enter_trap(struct vcpu *v, unsigned vector)
{
    const struct trap_info *trap = &v->arch.traps[vector];

    if (trap->address)
        enter_handler(v, &trap->cs, trap->address, trap->flags & TRAP_MASKS_EVENTS, NULL, 0);
    return trap->address != 0;
}

static bool enter_trap_with_error(struct vcpu *v, unsigned vector, uint64_t error)
{
    const struct trap_info *trap = &v->arch.traps[vector];

    if (trap->address)
        enter_handler(v, &trap->cs, trap->address, trap->flags & TRAP_MASKS_EVENTS, &error, 1);
    return trap->address != 0;
}

void inject_trap(unsigned vector, uint32_t error)
{
    struct vcpu *v = current;
    bool has_error = vector < VEC_EXCEPTIONS && (ERROR_CODE_VECTORS >> vector & 1);

    if (has_error ? !enter_trap_with_error(v, vector, error) : !enter_trap(v, vector))
        domain_crash(v->domain, "no handler for exception %u, error code %#x", vector, error);
}

void inject_page_fault(uint64_t va, uint32_t error)
{
    struct vcpu *v = current;

    if (!v->arch.in_kernel) {
        v->event.info->arch.cr2 = va;
    } else {
        vcpu_set_cr2(v, va);
        if (guest_in_kernel(v, guest_regs()))
            error &= ~PF_USER;
    }
    if (!enter_trap_with_error(v, VEC_PF, error))
        domain_crash(v->domain, "no handler for a page fault at %#lx, error code %#x", va, error);
}

bool bounce_software_interrupt(struct vcpu *v, uint8_t vector)
{
    unsigned ring = guest_in_kernel(v, guest_regs()) ? 1 : 3;

    if ((v->arch.traps[vector].flags & TRAP_DPL) < ring)
        return false;
    return enter_trap(v, vector);
}

bool bounce_nmi_due(const struct vcpu *v)
{
    return READ_ONCE(v->arch.nmi_pending) && !v->arch.nmi_in_service &&
           v->arch.traps[VEC_NMI].address;
}

static bool deliver_nmi(struct vcpu *v)
{
    if (!bounce_nmi_due(v))
        return false;
    v->arch.nmi_pending = false;
    v->arch.nmi_in_service = true;
    return enter_trap(v, VEC_NMI);
}

/* Rare and urgent: segments that were lost on the way, machine checks, NMIs. */
static bool deliver_rare(struct vcpu *v)
{
    if (v->arch.segments_lost) {
        v->arch.segments_lost = false;
        bounce_failsafe(v, v->arch.lost_selectors);
        return true;
    }
    if (v->arch.mce_pending) {
        v->arch.mce_pending = false;
        if (enter_trap(v, VEC_MC))
            return true;
    }
    return deliver_nmi(v);
}

bool bounce_pending(struct vcpu *v)
{
    if (unlikely(v->arch.segments_lost | v->arch.mce_pending | v->arch.nmi_pending) &&
        deliver_rare(v))
        return true;
    /* Once for each exit: the mask that keeps a second one out is in the guest's memory, where
     * another vCPU may clear it as fast as it is set. */
    if (event_deliverable(v->event.info) && v->arch.event.address)
        enter_handler(v, &v->arch.event.cs, v->arch.event.address, true, NULL, 0);
    return false;
}
