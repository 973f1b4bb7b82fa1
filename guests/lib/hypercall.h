/* Hypercalls, one thin wrapper each. Results are the hypervisor's: -XEN_Exxx for errors. */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include "abi.h"
#include "hypercall_asm.h"

#define hypercall4(op, a, b, c, d) hypercall5(op, a, b, c, d, 0)
#define hypercall3(op, a, b, c) hypercall5(op, a, b, c, 0, 0)
#define hypercall2(op, a, b) hypercall5(op, a, b, 0, 0, 0)
#define hypercall1(op, a) hypercall5(op, a, 0, 0, 0, 0)
#define hypercall0(op) hypercall5(op, 0, 0, 0, 0, 0)

/* A call that takes a subcommand and a pointer. */
#define OP_WRAPPER(name)                                                                           \
    static inline long name(unsigned cmd, const void *arg)                                         \
    {                                                                                              \
        return hypercall2(__HYPERVISOR_##name, cmd, (unsigned long)arg);                           \
    }

OP_WRAPPER(memory_op)
OP_WRAPPER(xen_version)
OP_WRAPPER(sched_op)
OP_WRAPPER(callback_op)
OP_WRAPPER(event_channel_op)
OP_WRAPPER(physdev_op)

static inline long vcpu_op(unsigned cmd, unsigned vcpu, const void *arg)
{
    return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, (unsigned long)arg);
}

static inline long grant_table_op(unsigned cmd, const void *ops, unsigned count)
{
    return hypercall3(__HYPERVISOR_grant_table_op, cmd, (unsigned long)ops, count);
}

static inline long set_trap_table(const struct trap_info *table)
{
    return hypercall1(__HYPERVISOR_set_trap_table, (unsigned long)table);
}

static inline long mmu_update(const struct mmu_update *updates, unsigned count, unsigned *done,
                              unsigned domain)
{
    return hypercall4(__HYPERVISOR_mmu_update, (unsigned long)updates, count, (unsigned long)done,
                      domain);
}

static inline long mmuext_op(const struct mmuext_op *ops, unsigned count, unsigned *done,
                             unsigned domain)
{
    return hypercall4(__HYPERVISOR_mmuext_op, (unsigned long)ops, count, (unsigned long)done,
                      domain);
}

static inline long set_gdt(const xen_pfn_t *frames, unsigned entries)
{
    return hypercall2(__HYPERVISOR_set_gdt, (unsigned long)frames, entries);
}

static inline long stack_switch(unsigned long ss, unsigned long sp)
{
    return hypercall2(__HYPERVISOR_stack_switch, ss, sp);
}

static inline long set_segment_base(unsigned which, unsigned long base)
{
    return hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static inline long fpu_taskswitch(int set)
{
    return hypercall1(__HYPERVISOR_fpu_taskswitch, (unsigned long)set);
}

static inline long set_debugreg(int reg, unsigned long value)
{
    return hypercall2(__HYPERVISOR_set_debugreg, (unsigned long)reg, value);
}

static inline unsigned long get_debugreg(int reg)
{
    return (unsigned long)hypercall1(__HYPERVISOR_get_debugreg, (unsigned long)reg);
}

static inline long vm_assist(unsigned cmd, unsigned type)
{
    return hypercall2(__HYPERVISOR_vm_assist, cmd, type);
}

static inline long multicall(struct multicall_entry *list, unsigned count)
{
    return hypercall2(__HYPERVISOR_multicall, (unsigned long)list, count);
}

static inline long console_io(unsigned cmd, unsigned count, const char *buffer)
{
    return hypercall3(__HYPERVISOR_console_io, cmd, count, (unsigned long)buffer);
}

/* Fills in what all of these operations have besides their own part. */
static inline long domctl(struct xen_domctl *op, uint32_t cmd, domid_t domain)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain;
    return hypercall1(__HYPERVISOR_domctl, (unsigned long)op);
}

/* The cheapest call: it does nothing, and events are looked at on its way back. */
static inline long force_upcall(void)
{
    return xen_version(XENVER_version, NULL);
}

#endif
