/*
 * The one list of hypercalls. Each line: HYPERCALL(name, number of arguments, widths, who);
 * arguments are counted as a 64-bit guest passes them.
 *   widths: B both (what differs in a 32-bit guest's arguments: hypercall/compat.h);
 *           64 64-bit guests only.
 *   who:    ANY, or DOM0: refused with -EPERM otherwise.
 * Number is __HYPERVISOR_<name>. What is not listed answers -ENOSYS. From this list come the
 * dispatcher (hypercall/dispatch.c), names in messages, docs/guest-abi.md's table (checked) and the
 * fuzzer's grammar.
 */
#ifndef HYPERCALL_LIST_H
#define HYPERCALL_LIST_H

/* Ringfort's own call has the last of the numbers that the ABI leaves to architectures; Xen uses
 * none but the first two. */
#define __HYPERVISOR_ringfort_op __HYPERVISOR_arch_7

#define HYPERCALL_LIST(HYPERCALL)                                                                  \
    HYPERCALL(set_trap_table, 1, B, ANY)                                                           \
    HYPERCALL(mmu_update, 4, B, ANY)                                                               \
    HYPERCALL(set_gdt, 2, B, ANY)                                                                  \
    HYPERCALL(stack_switch, 2, B, ANY)                                                             \
    HYPERCALL(set_callbacks, 3, B, ANY)                                                            \
    HYPERCALL(fpu_taskswitch, 1, B, ANY)                                                           \
    HYPERCALL(platform_op, 1, B, DOM0)                                                             \
    HYPERCALL(sched_op_compat, 2, B, ANY)                                                          \
    HYPERCALL(set_debugreg, 2, B, ANY)                                                             \
    HYPERCALL(get_debugreg, 1, B, ANY)                                                             \
    HYPERCALL(update_descriptor, 2, B, ANY)                                                        \
    HYPERCALL(memory_op, 2, B, ANY)                                                                \
    HYPERCALL(multicall, 2, B, ANY)                                                                \
    HYPERCALL(update_va_mapping, 3, B, ANY)                                                        \
    HYPERCALL(set_timer_op, 1, B, ANY)                                                             \
    HYPERCALL(event_channel_op_compat, 1, B, ANY)                                                  \
    HYPERCALL(xen_version, 2, B, ANY)                                                              \
    HYPERCALL(console_io, 3, B, ANY)                                                               \
    HYPERCALL(grant_table_op, 3, B, ANY)                                                           \
    HYPERCALL(vm_assist, 2, B, ANY)                                                                \
    HYPERCALL(update_va_mapping_otherdomain, 4, B, DOM0)                                           \
    HYPERCALL(iret, 0, B, ANY)                                                                     \
    HYPERCALL(vcpu_op, 3, B, ANY)                                                                  \
    HYPERCALL(set_segment_base, 2, 64, ANY)                                                        \
    HYPERCALL(mmuext_op, 4, B, ANY)                                                                \
    HYPERCALL(nmi_op, 2, B, ANY)                                                                   \
    HYPERCALL(sched_op, 2, B, ANY)                                                                 \
    HYPERCALL(callback_op, 2, B, ANY)                                                              \
    HYPERCALL(event_channel_op, 2, B, ANY)                                                         \
    HYPERCALL(physdev_op, 2, B, ANY)                                                               \
    HYPERCALL(sysctl, 1, B, DOM0)                                                                  \
    HYPERCALL(domctl, 1, B, DOM0)                                                                  \
    HYPERCALL(mca, 1, 64, DOM0)                                                                    \
    HYPERCALL(ringfort_op, 2, B, ANY)

#endif
