/* The hypercalls by which a guest registers its entry points and sets processor state. */
#include "domain/domain.h"
#include <xen/callback.h>
#include <xen/nmi.h>

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/current.h"
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
        if (!copy_from_guest(&entry, traps, sizeof(entry)))
            return refuse(-EFAULT);
        if (!entry.address)
            return 0;
        if (!is_canonical(entry.address))
            return refuse(-EINVAL);
        table[entry.vector] = entry;
        traps += sizeof(entry);
        if (preempt_needed())
            return hypercall_restart(__HYPERVISOR_set_trap_table, 1, traps);
    }
}

long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
    struct vcpu_arch *arch = &current->arch;

    if (!is_canonical(event) || !is_canonical(failsafe) || !is_canonical(syscall))
        return refuse(-EINVAL);
    arch->event.address = event;
    arch->failsafe.address = failsafe;
    arch->syscall.address = syscall;
    return 0;
}

static void set_nmi_handler(struct vcpu *v, uint64_t address)
{
    struct trap_info *trap = &v->arch.traps[VEC_NMI];

    memset(trap, 0, sizeof(*trap));
    trap->vector = VEC_NMI;
    trap->flags = TRAP_MASKS_EVENTS;
    trap->address = address;
}

/* Registers (or with address 0 removes) one kind of callback. */
static long set_callback(struct vcpu *v, unsigned type, unsigned flags, uint64_t address)
{
    struct guest_callback cb = {.address = address, .masks_events = flags & CALLBACKF_mask_events};

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
        set_nmi_handler(v, address);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}

static long op_register(uint64_t arg)
{
    struct callback_register reg;

    if (!copy_from_guest(&reg, arg, sizeof(reg)))
        return refuse(-EFAULT);
    if (!is_canonical(reg.address))
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

long do_nmi_op(unsigned cmd, uint64_t arg)
{
    struct xennmi_callback cb;

    switch (cmd) {
    case XENNMI_register_callback:
        if (!copy_from_guest(&cb, arg, sizeof(cb)))
            return refuse(-EFAULT);
        if (!is_canonical(cb.handler_address))
            return refuse(-EINVAL);
        set_nmi_handler(current, cb.handler_address);
        return 0;
    case XENNMI_unregister_callback:
        set_nmi_handler(current, 0);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}

long do_stack_switch(uint64_t ss, uint64_t sp)
{
    current->arch.kernel_ss = ss | 3;
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
        load_user_gs(base);
        return 0;
    default:
        return refuse(-EINVAL);
    }
}
