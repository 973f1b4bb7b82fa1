/*
 * The one list of structures that 32-bit guests lay out differently. Compiled for 32 bits it
 * becomes the places of their fields there (hypercall/narrow.c), compiled for 64 the places here
 * (hypercall/compat.c). Every member that a handler reads or gives back is listed; what is not
 * listed is zero when read and when written.
 *
 *   FIELD(s, f)        member f of struct s
 *   ARRAY(s, f)        every element of its array f
 *   MEMBERS(s, a, f)   member f of every element of its array a
 *   LOW(s, w, f), HIGH(s, w, f)
 *                      32-bit member f is one half of w here. Entry points, selector and address
 *                      there, are one number here, the selector in its upper half
 */
#ifndef HYPERCALL_COMPAT_STRUCTS_H
#define HYPERCALL_COMPAT_STRUCTS_H

#include "lib/abi.h"
#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

/* A list, which the formatter would take for one expression. */
// clang-format off
#define COMPAT_STRUCTS(STRUCT)                                                                     \
    STRUCT(trap_info) STRUCT(mmuext_op) STRUCT(multicall_entry) STRUCT(xen_memory_reservation)     \
    STRUCT(xen_memory_exchange) STRUCT(xen_machphys_mfn_list) STRUCT(xen_machphys_mapping)         \
    STRUCT(xen_memory_map) STRUCT(xen_foreign_memory_map) STRUCT(xen_mem_acquire_resource)         \
    STRUCT(xen_platform_parameters) STRUCT(gnttab_setup_table) STRUCT(gnttab_copy)                 \
    STRUCT(gnttab_transfer)                                                                        \
    STRUCT(vcpu_runstate_info) STRUCT(vcpu_register_runstate_memory_area)                          \
    STRUCT(vcpu_register_time_memory_area) STRUCT(vcpu_set_singleshot_timer)                       \
    STRUCT(vcpu_guest_context) STRUCT(sched_poll) STRUCT(callback_register)                        \
    STRUCT(xennmi_callback) STRUCT(physdev_pirq_eoi_gmfn) STRUCT(physdev_set_iobitmap)             \
    STRUCT(physdev_apic) STRUCT(physdev_map_pirq)

#define FIELDS_trap_info                                                                           \
    FIELD(trap_info, vector) FIELD(trap_info, flags) FIELD(trap_info, cs)                          \
    FIELD(trap_info, address)
#define FIELDS_mmuext_op                                                                           \
    FIELD(mmuext_op, cmd) FIELD(mmuext_op, arg1.mfn) FIELD(mmuext_op, arg2.src_mfn)
#define FIELDS_multicall_entry                                                                     \
    FIELD(multicall_entry, op) FIELD(multicall_entry, result) ARRAY(multicall_entry, args)
#define FIELDS_xen_memory_reservation                                                              \
    FIELD(xen_memory_reservation, extent_start) FIELD(xen_memory_reservation, nr_extents)          \
    FIELD(xen_memory_reservation, extent_order) FIELD(xen_memory_reservation, mem_flags)           \
    FIELD(xen_memory_reservation, domid)
#define FIELDS_xen_memory_exchange                                                                 \
    FIELD(xen_memory_exchange, in.extent_start) FIELD(xen_memory_exchange, in.nr_extents)          \
    FIELD(xen_memory_exchange, in.extent_order) FIELD(xen_memory_exchange, in.mem_flags)           \
    FIELD(xen_memory_exchange, in.domid) FIELD(xen_memory_exchange, out.extent_start)              \
    FIELD(xen_memory_exchange, out.nr_extents) FIELD(xen_memory_exchange, out.extent_order)        \
    FIELD(xen_memory_exchange, out.mem_flags) FIELD(xen_memory_exchange, out.domid)                \
    FIELD(xen_memory_exchange, nr_exchanged)
#define FIELDS_xen_machphys_mfn_list                                                               \
    FIELD(xen_machphys_mfn_list, max_extents) FIELD(xen_machphys_mfn_list, extent_start)           \
    FIELD(xen_machphys_mfn_list, nr_extents)
#define FIELDS_xen_machphys_mapping                                                                \
    FIELD(xen_machphys_mapping, v_start) FIELD(xen_machphys_mapping, v_end)                        \
    FIELD(xen_machphys_mapping, max_mfn)
#define FIELDS_xen_memory_map                                                                      \
    FIELD(xen_memory_map, nr_entries) FIELD(xen_memory_map, buffer)
#define FIELDS_xen_foreign_memory_map                                                              \
    FIELD(xen_foreign_memory_map, domid) FIELD(xen_foreign_memory_map, map.nr_entries)             \
    FIELD(xen_foreign_memory_map, map.buffer)
#define FIELDS_xen_mem_acquire_resource                                                            \
    FIELD(xen_mem_acquire_resource, domid) FIELD(xen_mem_acquire_resource, type)                   \
    FIELD(xen_mem_acquire_resource, id) FIELD(xen_mem_acquire_resource, nr_frames)                 \
    FIELD(xen_mem_acquire_resource, pad) FIELD(xen_mem_acquire_resource, frame)                    \
    FIELD(xen_mem_acquire_resource, frame_list)
#define FIELDS_xen_platform_parameters                                                             \
    FIELD(xen_platform_parameters, virt_start)
#define FIELDS_gnttab_setup_table                                                                  \
    FIELD(gnttab_setup_table, dom) FIELD(gnttab_setup_table, nr_frames)                            \
    FIELD(gnttab_setup_table, status) FIELD(gnttab_setup_table, frame_list)
#define FIELDS_gnttab_copy                                                                         \
    FIELD(gnttab_copy, source.u.gmfn) FIELD(gnttab_copy, source.domid)                             \
    FIELD(gnttab_copy, source.offset) FIELD(gnttab_copy, dest.u.gmfn)                              \
    FIELD(gnttab_copy, dest.domid) FIELD(gnttab_copy, dest.offset) FIELD(gnttab_copy, len)         \
    FIELD(gnttab_copy, flags) FIELD(gnttab_copy, status)
#define FIELDS_gnttab_transfer                                                                     \
    FIELD(gnttab_transfer, mfn) FIELD(gnttab_transfer, domid) FIELD(gnttab_transfer, ref)          \
    FIELD(gnttab_transfer, status)
#define FIELDS_vcpu_runstate_info                                                                  \
    FIELD(vcpu_runstate_info, state) FIELD(vcpu_runstate_info, state_entry_time)                   \
    ARRAY(vcpu_runstate_info, time)
#define FIELDS_vcpu_register_runstate_memory_area                                                  \
    FIELD(vcpu_register_runstate_memory_area, addr.v)
#define FIELDS_vcpu_register_time_memory_area                                                      \
    FIELD(vcpu_register_time_memory_area, addr.v)
#define FIELDS_vcpu_set_singleshot_timer                                                           \
    FIELD(vcpu_set_singleshot_timer, timeout_abs_ns) FIELD(vcpu_set_singleshot_timer, flags)
#define FIELDS_vcpu_guest_context                                                                  \
    FIELD(vcpu_guest_context, fpu_ctxt) FIELD(vcpu_guest_context, flags)                           \
    FIELD(vcpu_guest_context, user_regs.ebx) FIELD(vcpu_guest_context, user_regs.ecx)              \
    FIELD(vcpu_guest_context, user_regs.edx) FIELD(vcpu_guest_context, user_regs.esi)              \
    FIELD(vcpu_guest_context, user_regs.edi) FIELD(vcpu_guest_context, user_regs.ebp)              \
    FIELD(vcpu_guest_context, user_regs.eax) FIELD(vcpu_guest_context, user_regs.eip)              \
    FIELD(vcpu_guest_context, user_regs.cs) FIELD(vcpu_guest_context, user_regs.eflags)            \
    FIELD(vcpu_guest_context, user_regs.esp) FIELD(vcpu_guest_context, user_regs.ss)               \
    FIELD(vcpu_guest_context, user_regs.es) FIELD(vcpu_guest_context, user_regs.ds)                \
    FIELD(vcpu_guest_context, user_regs.fs) FIELD(vcpu_guest_context, user_regs.gs)                \
    MEMBERS(vcpu_guest_context, trap_ctxt, vector) MEMBERS(vcpu_guest_context, trap_ctxt, flags)   \
    MEMBERS(vcpu_guest_context, trap_ctxt, cs) MEMBERS(vcpu_guest_context, trap_ctxt, address)     \
    FIELD(vcpu_guest_context, ldt_base) FIELD(vcpu_guest_context, ldt_ents)                        \
    ARRAY(vcpu_guest_context, gdt_frames) FIELD(vcpu_guest_context, gdt_ents)                      \
    FIELD(vcpu_guest_context, kernel_ss) FIELD(vcpu_guest_context, kernel_sp)                      \
    ARRAY(vcpu_guest_context, ctrlreg) ARRAY(vcpu_guest_context, debugreg)                         \
    HIGH(vcpu_guest_context, event_callback_eip, event_callback_cs)                                \
    LOW(vcpu_guest_context, event_callback_eip, event_callback_eip)                                \
    HIGH(vcpu_guest_context, failsafe_callback_eip, failsafe_callback_cs)                          \
    LOW(vcpu_guest_context, failsafe_callback_eip, failsafe_callback_eip)                          \
    FIELD(vcpu_guest_context, vm_assist)
#define FIELDS_sched_poll                                                                          \
    FIELD(sched_poll, ports) FIELD(sched_poll, nr_ports) FIELD(sched_poll, timeout)
#define FIELDS_callback_register                                                                   \
    FIELD(callback_register, type) FIELD(callback_register, flags)                                 \
    HIGH(callback_register, address, address.cs) LOW(callback_register, address, address.eip)
#define FIELDS_xennmi_callback                                                                     \
    FIELD(xennmi_callback, handler_address)
#define FIELDS_physdev_pirq_eoi_gmfn                                                               \
    FIELD(physdev_pirq_eoi_gmfn, gmfn)
#define FIELDS_physdev_set_iobitmap                                                                \
    FIELD(physdev_set_iobitmap, bitmap) FIELD(physdev_set_iobitmap, nr_ports)
#define FIELDS_physdev_apic                                                                        \
    FIELD(physdev_apic, apic_physbase) FIELD(physdev_apic, reg) FIELD(physdev_apic, value)
#define FIELDS_physdev_map_pirq                                                                    \
    FIELD(physdev_map_pirq, domid) FIELD(physdev_map_pirq, type) FIELD(physdev_map_pirq, index)    \
    FIELD(physdev_map_pirq, pirq) FIELD(physdev_map_pirq, bus) FIELD(physdev_map_pirq, devfn)      \
    FIELD(physdev_map_pirq, entry_nr) FIELD(physdev_map_pirq, table_base)

/* Structures that both widths lay out alike, checked at build time: handlers just copy them. */
#define ALIKE_STRUCTS(STRUCT)                                                                      \
    STRUCT(mmu_update) STRUCT(xen_feature_info) STRUCT(xen_compile_info)                           \
    STRUCT(xen_memory_domain) STRUCT(gnttab_map_grant_ref) STRUCT(gnttab_unmap_grant_ref)          \
    STRUCT(gnttab_unmap_and_replace) STRUCT(gnttab_query_size) STRUCT(gnttab_set_version)          \
    STRUCT(gnttab_get_version) STRUCT(vcpu_set_periodic_timer) STRUCT(vcpu_register_vcpu_info)     \
    STRUCT(vcpu_get_physid) STRUCT(vcpu_time_info) STRUCT(sched_shutdown)                          \
    STRUCT(sched_remote_shutdown) STRUCT(sched_watchdog) STRUCT(callback_unregister)               \
    STRUCT(physdev_eoi) STRUCT(physdev_irq_status_query) STRUCT(physdev_set_iopl)                  \
    STRUCT(physdev_irq) STRUCT(physdev_unmap_pirq) STRUCT(physdev_setup_gsi)                       \
    STRUCT(physdev_get_free_pirq) STRUCT(physdev_pci_mmcfg_reserved) STRUCT(physdev_manage_pci)    \
    STRUCT(physdev_pci_device) STRUCT(xen_platform_op) STRUCT(evtchn_alloc_unbound)                \
    STRUCT(evtchn_bind_interdomain) STRUCT(evtchn_bind_virq) STRUCT(evtchn_bind_pirq)              \
    STRUCT(evtchn_bind_ipi) STRUCT(evtchn_close) STRUCT(evtchn_send) STRUCT(evtchn_status)         \
    STRUCT(evtchn_bind_vcpu) STRUCT(evtchn_unmask) STRUCT(evtchn_reset)
// clang-format on

#endif
