/*
 * The one list of hypercalls. Each line: HYPERCALL(name, number of arguments, widths, who).
 *   widths: B both, 64 64-bit guests only, 32 32-bit guests only (whose layout is translated).
 *   who:    ANY, or DOM0: refused with -EPERM otherwise.
 * Number is __HYPERVISOR_<name>. What is not listed answers -ENOSYS. From this list come the
 * dispatcher (hypercall/dispatch.c), names in messages, docs/guest-abi.md's table (checked) and the
 * fuzzer's grammar.
 */
#ifndef HYPERCALL_LIST_H
#define HYPERCALL_LIST_H

#define HYPERCALL_LIST(HYPERCALL)                                                                  \
    HYPERCALL(set_trap_table, 1, B, ANY)                                                           \
    HYPERCALL(mmu_update, 4, B, ANY)                                                               \
    HYPERCALL(set_gdt, 2, B, ANY)                                                                  \
    HYPERCALL(stack_switch, 2, B, ANY)                                                             \
    HYPERCALL(set_callbacks, 3, B, ANY)                                                            \
    HYPERCALL(fpu_taskswitch, 1, B, ANY)                                                           \
    HYPERCALL(platform_op, 1, B, DOM0)                                                             \
    HYPERCALL(set_debugreg, 2, B, ANY)                                                             \
    HYPERCALL(get_debugreg, 1, B, ANY)                                                             \
    HYPERCALL(update_descriptor, 2, B, ANY)                                                        \
    HYPERCALL(memory_op, 2, B, ANY)                                                                \
    HYPERCALL(multicall, 2, B, ANY)                                                                \
    HYPERCALL(update_va_mapping, 3, B, ANY)                                                        \
    HYPERCALL(set_timer_op, 1, B, ANY)                                                             \
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
    HYPERCALL(mca, 1, B, DOM0)

#endif
