/* The hypercalls by which a guest registers its entry points and sets processor state. */
#include "domain/domain.h"
#include <xen/callback.h>
#include <xen/nmi.h>

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/descriptor_tables.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/desc.h"
#include "x86/entry.h"

#define TRAP_MASKS_EVENTS 4

long do_set_trap_table(uint64_t traps)
{
    struct trap_info *table = current->arch.traps;
    struct trap_info entry;

    if (!traps) {
        memset(table, 0, 256 * sizeof(*table));
        return 0;
    }
    for (;;) {
        if (!struct_from_guest(&entry, traps, trap_info))
            return refuse(-EFAULT);
        if (!entry.address)
            return 0;
        if (!is_canonical(entry.address))
            return refuse(-EINVAL);
        entry.cs = kernel_selector(guest_is_narrow(), entry.cs);
        table[entry.vector] = entry;
        traps += guest_sizeof(trap_info);
        if (preempt_needed())
            return hypercall_restart(__HYPERVISOR_set_trap_table, 1, traps);
    }
}

bool entry_point_ok(const struct domain *d, uint64_t entry)
{
    return d->is_compat || is_canonical(entry);
}

void entry_point_set(const struct domain *d, struct guest_callback *cb, uint64_t entry)
{
    cb->address = d->is_compat ? (uint32_t)entry : entry;
    cb->cs = d->is_compat ? kernel_selector(true, (uint16_t)(entry >> 32)) : 0;
}

uint64_t entry_point_get(const struct domain *d, const struct guest_callback *cb)
{
    return d->is_compat ? (uint64_t)cb->cs << 32 | cb->address : cb->address;
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
    struct vcpu_arch *arch = &current->arch;
    const struct domain *d = current->domain;

    if (!entry_point_ok(d, event) || !entry_point_ok(d, failsafe) || !entry_point_ok(d, syscall))
        return refuse(-EINVAL);
    entry_point_set(d, &arch->event, event);
    entry_point_set(d, &arch->failsafe, failsafe);
    entry_point_set(d, &arch->syscall, syscall);
    return 0;
}

static void set_nmi_handler(struct vcpu *v, struct guest_callback cb)
{
    struct trap_info *trap = &v->arch.traps[VEC_NMI];

    memset(trap, 0, sizeof(*trap));
    trap->vector = VEC_NMI;
    trap->flags = TRAP_MASKS_EVENTS;
    trap->cs = cb.cs;
    trap->address = cb.address;
}

/* Registers (or with address 0 removes) one kind of callback. */
static long set_callback(struct vcpu *v, unsigned type, unsigned flags, uint64_t entry)
{
    struct guest_callback cb = {.masks_events = flags & CALLBACKF_mask_events};

    entry_point_set(v->domain, &cb, entry);
    switch (type) {
    case CALLBACKTYPE_event:
        v->arch.event = cb;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->arch.failsafe = cb;
        return 0;
    case CALLBACKTYPE_syscall:
        v->arch.syscall = cb;
        return 0;
    case CALLBACKTYPE_syscall32:
        v->arch.syscall32 = cb;
        return 0;
    case CALLBACKTYPE_sysenter:
    case CALLBACKTYPE_sysenter_deprecated:
        v->arch.sysenter = cb;
        return 0;
    case CALLBACKTYPE_nmi:
        set_nmi_handler(v, cb);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}

static long op_register(uint64_t arg)
{
    struct callback_register reg;

    if (!struct_from_guest(&reg, arg, callback_register))
        return refuse(-EFAULT);
    if (!entry_point_ok(current->domain, reg.address))
        return refuse(-EINVAL);
    return set_callback(current, reg.type, reg.flags, reg.address);
}

/* Events and failsafe may be moved, never left without a handler. */
static long op_unregister(uint64_t arg)
{
    struct callback_unregister unreg;

    if (!copy_from_guest(&unreg, arg, sizeof(unreg)))
        return refuse(-EFAULT);
    if (unreg.type == CALLBACKTYPE_event || unreg.type == CALLBACKTYPE_failsafe ||
        unreg.type == CALLBACKTYPE_syscall)
        return refuse(-EINVAL);
    return set_callback(current, unreg.type, 0, 0);
}

long do_callback_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case CALLBACKOP_register:
        return op_register(arg);
    case CALLBACKOP_unregister:
        return op_unregister(arg);
    default:
        return refuse(-ENOSYS);
    }
}

/* The old form has no selector: 32-bit kernels get the flat one. */
long do_nmi_op(unsigned cmd, uint64_t arg)
{
    struct guest_callback entry = {.cs = guest_is_narrow() ? RING1_CS : 0};
    struct xennmi_callback cb;

    switch (cmd) {
    case XENNMI_register_callback:
        if (!struct_from_guest(&cb, arg, xennmi_callback))
            return refuse(-EFAULT);
        if (!is_canonical(cb.handler_address))
            return refuse(-EINVAL);
        entry.address = cb.handler_address;
        set_nmi_handler(current, entry);
        return 0;
    case XENNMI_unregister_callback:
        set_nmi_handler(current, entry);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}

long do_stack_switch(uint64_t ss, uint64_t sp)
{
    current->arch.kernel_ss = kernel_selector(guest_is_narrow(), (uint16_t)ss);
    current->arch.kernel_sp = sp;
    return 0;
}

long do_fpu_taskswitch(int set)
{
    current->arch.cr0_ts = set ? CR0_TS : 0;
    if (set)
        write_cr0(read_cr0() | CR0_TS);
    else
        asm volatile("clts");
    return 0;
}

/* The guest's user GS base is in KERNEL_GS_BASE while its kernel runs. */
static void load_user_gs(uint16_t selector)
{
    unsigned long flags = irq_save();

    asm volatile("swapgs" ::: "memory");
    load_gs_selector(selector);
    asm volatile("swapgs" ::: "memory");
    irq_restore(flags);
}

long do_set_segment_base(unsigned which, uint64_t base)
{
    if (which != SEGBASE_GS_USER_SEL && !is_canonical(base))
        return refuse(-EINVAL);
    switch (which) {
    case SEGBASE_FS:
        wrmsr(MSR_FS_BASE, base);
        return 0;
    case SEGBASE_GS_USER:
        wrmsr(MSR_KERNEL_GS_BASE, base);
        return 0;
    case SEGBASE_GS_KERNEL:
        wrmsr(MSR_GS_BASE, base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        ldt_want(base);
        load_user_gs(base);
        return 0;
    default:
        return refuse(-EINVAL);
    }
}
