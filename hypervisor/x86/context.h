/* Small parts of the processor state that several files need. */
#ifndef X86_CONTEXT_H
#define X86_CONTEXT_H

#include "domain/domain.h"
#include "lib/abi32.h"
#include "lib/types.h"
#include "x86/cpu.h"
#include "x86/selector.h"

/* Whether `v`, whose registers are `regs`, is in its kernel. 32-bit guests change rings by
 * themselves: for them arch.in_kernel is always set, and CS tells. */
static inline bool guest_in_kernel(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    return v->arch.in_kernel && (likely(!v->domain->is_compat) || !selector_is_users(regs->cs));
}

/* A base pointer as the guest's CR3 shows it, and back. In 32 bits, frames above 4 GiB have their
 * upper bits below. */
static inline uint64_t guest_cr3(const struct domain *d, mfn_t root)
{
    return d->is_compat ? xen_pfn_to_cr3_x86_32(root.n) : xen_pfn_to_cr3(root.n);
}

static inline mfn_t guest_cr3_mfn(const struct domain *d, uint64_t cr3)
{
    return mfn(d->is_compat ? xen_cr3_to_pfn_x86_32(cr3) : xen_cr3_to_pfn(cr3));
}

/* CR2 as the guest reads it, from its vcpu_info. */
static inline uint64_t vcpu_cr2(const struct vcpu *v)
{
    const struct vcpu_info_x86_32 *narrow = (const struct vcpu_info_x86_32 *)v->event.info;

    return v->domain->is_compat ? narrow->arch.cr2 : v->event.info->arch.cr2;
}

static inline void vcpu_set_cr2(struct vcpu *v, uint64_t va)
{
    if (unlikely(v->domain->is_compat))
        ((struct vcpu_info_x86_32 *)v->event.info)->arch.cr2 = va;
    else
        v->event.info->arch.cr2 = va;
}

/* CR4 bits that a guest may choose, and those of them that the processor is told. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_OSXSAVE)
#define CR4_GUEST_REAL (CR4_TSD | CR4_DE)
/* Bits that a guest sees set whatever it does. */
#define CR4_GUEST_SHOWN (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* DS, ES, FS, GS as they are loaded now. */
void read_selectors(uint16_t selectors[4]);

/* Loads `selector` into GS with the base of its descriptor; false (and null loaded) where the
 * processor refuses. The base of the guest's present mode changes: callers SWAPGS around it. */
bool load_gs_selector(uint16_t selector);

/* Makes this CPU's CR4 what the running vCPU wants. */
void load_guest_cr4(const struct vcpu *v);

/* Entry points of a guest kernel as they come in hypercalls and contexts: the address, and above it
 * in those of a 32-bit guest the selector (hypercall/compat_structs.h). `masks_events` stays. */
bool entry_point_ok(const struct domain *d, uint64_t entry);
void entry_point_set(const struct domain *d, struct guest_callback *cb, uint64_t entry);
uint64_t entry_point_get(const struct domain *d, const struct guest_callback *cb);

/* What RFLAGS becomes of a guest's wish: IF on, IOPL 0, no VM. */
uint64_t guest_flags(uint64_t wanted);

#endif
