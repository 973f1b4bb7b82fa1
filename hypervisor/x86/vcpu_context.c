/* vcpu_guest_context: the whole register state of a vCPU that does not run, in and out. */
#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "memory/mmu.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/debugreg.h"
#include "x86/entry.h"
#include "x86/fpu.h"

#define GDT_ENTRIES_MAX (GUEST_GDT_FRAMES * 512)
#define LDT_ENTRIES_MAX 8192
#define TRAPS 256

static bool addresses_valid(const struct domain *d, const struct vcpu_guest_context *c)
{
    const uint64_t entries[] = {
        c->event_callback_eip,
        c->failsafe_callback_eip,
        c->syscall_callback_eip,
    };
    const uint64_t addresses[] = {
        c->user_regs.rip, c->fs_base, c->gs_base_kernel, c->gs_base_user, c->ldt_base,
    };

    for (unsigned i = 0; i < ARRAY_SIZE(entries); i++)
        if (!entry_point_ok(d, entries[i]))
            return false;
    for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++)
        if (!is_canonical(addresses[i]))
            return false;
    for (unsigned i = 0; i < TRAPS; i++)
        if (!is_canonical(c->trap_ctxt[i].address))
            return false;
    return true;
}

static int check_context(const struct domain *d, const struct vcpu_guest_context *c)
{
    uint64_t dr7;

    if (!addresses_valid(d, c))
        return refuse(-EINVAL);
    if (c->gdt_ents > GDT_ENTRIES_MAX || c->ldt_ents > LDT_ENTRIES_MAX)
        return refuse(-EINVAL);
    if (c->ldt_ents && !guest_range_ok(c->ldt_base, c->ldt_ents * 8))
        return refuse(-EINVAL);
    /* 32-bit guests have one root for both modes. */
    if (!d->is_compat && !(c->flags & VGCF_in_kernel) && xen_cr3_to_pfn(c->ctrlreg[1]) == 0)
        return refuse(-EINVAL);
    for (unsigned i = 0; i < 4; i++)
        if (!is_canonical(c->debugreg[i]) || (c->debugreg[i] && !guest_range_ok(c->debugreg[i], 8)))
            return refuse(-EINVAL);
    return debugreg_filter_dr7(c->debugreg[7] & 0xffffffff, c->ctrlreg[4], &dr7);
}

/* The base pointers take references that may need several attempts; one that is in place already is
 * from the last. */
static int set_root(struct vcpu *v, uint64_t cr3, mfn_t now, bool user)
{
    mfn_t wanted = mfn(xen_cr3_to_pfn(cr3));

    if (mfn_eq(wanted, now) || (user && wanted.n == 0))
        return 0;
    return vcpu_set_root(v, wanted, user);
}

static int set_memory(struct vcpu *v, const struct vcpu_guest_context *c)
{
    mfn_t frames[GUEST_GDT_FRAMES];
    int rc;

    for (unsigned i = 0; i < GUEST_GDT_FRAMES; i++)
        frames[i] = mfn(c->gdt_frames[i]);
    rc = set_root(v, c->ctrlreg[3], v->memory.kernel_root, false);
    if (!rc)
        rc = set_root(v, c->ctrlreg[1], v->memory.user_root, true);
    if (!rc)
        rc = vcpu_set_gdt(v, frames, c->gdt_ents);
    return rc;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct cpu_user_regs *regs = &v->arch.regs;

    *regs = c->user_regs;
    regs->error_code = regs->entry_vector = 0;
    regs->saved_upcall_mask = 0;
    memset(regs->_pad0, 0, sizeof(regs->_pad0));
    memset(regs->_pad1, 0, sizeof(regs->_pad1));
    memset(regs->_pad2, 0, sizeof(regs->_pad2));
    regs->cs = code_selector(v->domain->is_compat, regs->cs);
    regs->ss = kernel_selector(v->domain->is_compat, regs->ss);
    v->arch.iopl = (regs->rflags & RFLAGS_IOPL) / (RFLAGS_IOPL / 3);
    regs->rflags = guest_flags(regs->rflags);
    /* Modes of a 32-bit guest are rings, which CS tells apart; its roots are the same. */
    v->arch.in_kernel = v->domain->is_compat || (c->flags & VGCF_in_kernel);
    v->arch.fs_base = c->fs_base;
    v->arch.gs_base_kernel = c->gs_base_kernel;
    v->arch.gs_base_user = c->gs_base_user;
    v->arch.cr0_ts = c->ctrlreg[0] & CR0_TS;
    v->arch.cr4 = c->ctrlreg[4] & CR4_GUEST;
    for (unsigned i = 0; i < 4; i++)
        v->arch.dr[i] = c->debugreg[i];
    v->arch.dr[6] = (c->debugreg[6] & DR6_TRAPS) | DR6_RESET;
    debugreg_filter_dr7(c->debugreg[7] & 0xffffffff, c->ctrlreg[4], &v->arch.dr[7]);
    if (c->flags & VGCF_i387_valid)
        fpu_set_legacy(v, &c->fpu_ctxt);
}

static void set_entry_points(struct vcpu *v, const struct vcpu_guest_context *c)
{
    const struct domain *d = v->domain;

    memcpy(v->arch.traps, c->trap_ctxt, sizeof(c->trap_ctxt));
    for (unsigned i = 0; i < TRAPS; i++)
        v->arch.traps[i].cs = kernel_selector(d->is_compat, c->trap_ctxt[i].cs);
    v->arch.kernel_ss = kernel_selector(d->is_compat, (uint16_t)c->kernel_ss);
    v->arch.kernel_sp = c->kernel_sp;
    entry_point_set(d, &v->arch.event, c->event_callback_eip);
    v->arch.event.masks_events = false;
    entry_point_set(d, &v->arch.failsafe, c->failsafe_callback_eip);
    v->arch.failsafe.masks_events = c->flags & VGCF_failsafe_disables_events;
    entry_point_set(d, &v->arch.syscall, c->syscall_callback_eip);
    v->arch.syscall.masks_events = c->flags & VGCF_syscall_disables_events;
    v->arch.ldt_base = c->ldt_base;
    v->arch.ldt_entries = c->ldt_ents;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = check_context(v->domain, c);

    if (!rc)
        rc = set_memory(v, c);
    if (rc)
        return rc;
    vcpu_drop_ldt(v);
    set_registers(v, c);
    set_entry_points(v, c);
    if (v->id == 0)
        v->domain->vm_assist = c->vm_assist;
    return 0;
}

static void get_entry_points(const struct vcpu *v, struct vcpu_guest_context *c)
{
    memcpy(c->trap_ctxt, v->arch.traps, sizeof(c->trap_ctxt));
    c->kernel_ss = v->arch.kernel_ss;
    c->kernel_sp = v->arch.kernel_sp;
    c->event_callback_eip = entry_point_get(v->domain, &v->arch.event);
    c->failsafe_callback_eip = entry_point_get(v->domain, &v->arch.failsafe);
    c->syscall_callback_eip = entry_point_get(v->domain, &v->arch.syscall);
    if (v->arch.failsafe.masks_events)
        c->flags |= VGCF_failsafe_disables_events;
    if (v->arch.syscall.masks_events)
        c->flags |= VGCF_syscall_disables_events;
    c->ldt_base = v->arch.ldt_base;
    c->ldt_ents = v->arch.ldt_entries;
    for (unsigned i = 0; i < GUEST_GDT_FRAMES; i++)
        c->gdt_frames[i] = mfn_eq(v->arch.gdt_frames[i], INVALID_MFN) ? 0 : v->arch.gdt_frames[i].n;
    c->gdt_ents = v->arch.gdt_entries;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
    memset(c, 0, sizeof(*c));
    c->flags = VGCF_i387_valid | (guest_in_kernel(v, &v->arch.regs) ? VGCF_in_kernel : 0) |
               (v->sched.is_up ? VGCF_online : 0);
    fpu_get_legacy(v, &c->fpu_ctxt);
    c->user_regs = v->arch.regs;
    c->user_regs.rflags |= v->arch.iopl * (RFLAGS_IOPL / 3);
    get_entry_points(v, c);
    c->fs_base = v->arch.fs_base;
    c->gs_base_kernel = v->arch.gs_base_kernel;
    c->gs_base_user = v->arch.gs_base_user;
    c->ctrlreg[0] = read_cr0() & ~CR0_TS;
    c->ctrlreg[0] |= v->arch.cr0_ts;
    if (!mfn_eq(v->memory.kernel_root, INVALID_MFN))
        c->ctrlreg[3] = xen_pfn_to_cr3(v->memory.kernel_root.n);
    if (!mfn_eq(v->memory.user_root, INVALID_MFN))
        c->ctrlreg[1] = xen_pfn_to_cr3(v->memory.user_root.n);
    c->ctrlreg[4] = CR4_GUEST_SHOWN | v->arch.cr4;
    memcpy(c->debugreg, v->arch.dr, sizeof(c->debugreg));
    c->vm_assist = v->domain->vm_assist;
}

/* A 32-bit kernel's CR3 holds the bits of a frame above 4 GiB in its low end. */
static uint64_t cr3_widen(uint64_t cr3)
{
    uint32_t rotated = (uint32_t)cr3 >> 12 | (uint32_t)cr3 << 20;

    return xen_pfn_to_cr3((uint64_t)rotated);
}

static uint64_t cr3_narrow(uint64_t cr3)
{
    uint64_t frame = xen_cr3_to_pfn(cr3);

    return (uint32_t)(frame << 12 | frame >> 20);
}

int vcpu_context_read(const struct domain *d, struct vcpu_guest_context *c, uint64_t va)
{
    size_t size = compat_size(COMPAT_vcpu_guest_context);
    void *narrow;
    bool ok;

    if (!d->is_compat)
        return copy_from_guest(c, va, sizeof(*c)) ? 0 : refuse(-EFAULT);
    narrow = zalloc(size);
    if (!narrow)
        return -ENOMEM;
    ok = copy_from_guest(narrow, va, size);
    if (ok) {
        compat_widen(c, narrow, COMPAT_vcpu_guest_context);
        c->ctrlreg[3] = cr3_widen(c->ctrlreg[3]);
        c->ctrlreg[1] = 0;
    }
    zfree(narrow);
    return ok ? 0 : refuse(-EFAULT);
}

int vcpu_context_write(const struct domain *d, uint64_t va, struct vcpu_guest_context *c)
{
    size_t size = compat_size(COMPAT_vcpu_guest_context);
    void *narrow;
    bool ok;

    if (!d->is_compat)
        return copy_to_guest(va, c, sizeof(*c)) ? 0 : refuse(-EFAULT);
    narrow = zalloc(size);
    if (!narrow)
        return -ENOMEM;
    c->ctrlreg[3] = cr3_narrow(c->ctrlreg[3]);
    compat_narrow(narrow, c, COMPAT_vcpu_guest_context);
    ok = copy_to_guest(va, narrow, size);
    zfree(narrow);
    return ok ? 0 : refuse(-EFAULT);
}
