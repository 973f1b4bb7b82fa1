/* One value of each structure that 32-bit guests lay out differently, every member set, written
 * once for both widths. Whoever includes this defines SAMPLE(struct, members) and ENTRY(32-bit cs
 * member, 32-bit eip member, 64-bit member, cs, eip). */
// clang-format off

#define P(address) {(void *)(address)}

SAMPLE(trap_info, .vector = 0x80, .flags = 7, .cs = 0xe019, .address = 0xc0123456)
SAMPLE(mmuext_op, .cmd = 5, .arg1 = {.mfn = 0x81234567}, .arg2 = {.src_mfn = 0x98765432})
SAMPLE(multicall_entry, .op = 0x80000001, .result = 0xfffffff2,
       .args = {0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000005, 0x80000006})
SAMPLE(xen_memory_reservation, .extent_start = P(0x80001000), .nr_extents = 0x81000002,
       .extent_order = 3, .mem_flags = 0x80000004, .domid = 0x7ff0)
SAMPLE(xen_memory_exchange,
       .in = {.extent_start = P(0x90001000), .nr_extents = 0x81000006, .extent_order = 7,
              .mem_flags = 0x80000008, .domid = 0x7ff1},
       .out = {.extent_start = P(0xa0001000), .nr_extents = 0x81000009, .extent_order = 10,
               .mem_flags = 0x8000000b, .domid = 0x7ff2},
       .nr_exchanged = 0x80000003)
SAMPLE(xen_machphys_mfn_list, .max_extents = 0x80000001, .extent_start = P(0xb0001000),
       .nr_extents = 0x80000002)
SAMPLE(xen_machphys_mapping, .v_start = 0xf5800000, .v_end = 0xf6800000, .max_mfn = 0x803fffff)
SAMPLE(xen_memory_map, .nr_entries = 0x80000003, .buffer = P(0xb0002000))
SAMPLE(xen_foreign_memory_map, .domid = 0x1234,
       .map = {.nr_entries = 0x80000004, .buffer = P(0xb0003000)})
SAMPLE(xen_mem_acquire_resource, .domid = 0x4321, .type = 1, .id = 0x80000002, .nr_frames = 0x80000003,
       .pad = 0x80000004, .frame = 0x8123456789abcdef, .frame_list = P(0xb0004000))
SAMPLE(xen_platform_parameters, .virt_start = 0xf5800000)
SAMPLE(gnttab_setup_table, .dom = 0x7ff0, .nr_frames = 0x80000004, .status = -3,
       .frame_list = P(0xb0005000))
SAMPLE(gnttab_copy, .source = {.u = {.gmfn = 0x81234567}, .domid = 0x7ff0, .offset = 0x8123},
       .dest = {.u = {.ref = 0x89abcdef}, .domid = 0x7ff1, .offset = 0x8456}, .len = 0x8001,
       .flags = 2, .status = -5)
SAMPLE(gnttab_transfer, .mfn = 0x81234567, .domid = 0x7ff0, .ref = 0x89abcdef, .status = -5)
SAMPLE(vcpu_runstate_info, .state = 2, .state_entry_time = 0x8000123456789abc,
       .time = {0x8000000000000001, 0x8000000000000002, 0x8000000000000003, 0x8000000000000004})
SAMPLE(vcpu_register_runstate_memory_area, .addr = {.v = (void *)0xb0006000})
SAMPLE(vcpu_register_time_memory_area, .addr = {.v = (void *)0xb0007000})
SAMPLE(vcpu_set_singleshot_timer, .timeout_abs_ns = 0x8123456789abcdef, .flags = 0x80000001)
SAMPLE(sched_poll, .ports = P(0xb0008000), .nr_ports = 0x80000005, .timeout = 0x8123456789abcdef)
SAMPLE(callback_register, .type = 7, .flags = 1,
       ENTRY(address.cs, address.eip, address, 0xe019, 0xc0987654))
SAMPLE(xennmi_callback, .handler_address = 0xc0abcdef)
SAMPLE(physdev_pirq_eoi_gmfn, .gmfn = 0x81234567)
SAMPLE(physdev_set_iobitmap, .bitmap = P(0xb0009000), .nr_ports = 0x8001)
SAMPLE(physdev_apic, .apic_physbase = 0xfec00000, .reg = 0x80000010, .value = 0x80000020)
SAMPLE(physdev_map_pirq, .domid = 0x7ff0, .type = -1, .index = -2, .pirq = -3, .bus = -4, .devfn = -5,
       .entry_nr = -6, .table_base = 0x80000000fee00000)
SAMPLE(vcpu_guest_context, .fpu_ctxt = {.x = {[0] = 1, [511] = 2}}, .flags = 0x80000004,
       .user_regs = {.ebx = 0x80000001, .ecx = 0x80000002, .edx = 0x80000003, .esi = 0x80000004,
                     .edi = 0x80000005, .ebp = 0x80000006, .eax = 0x80000007, .eip = 0xc0000008,
                     .cs = 0xe019, .eflags = 0x80000202, .esp = 0xc000000a, .ss = 0xe021,
                     .es = 0xe022, .ds = 0xe023, .fs = 0xe024, .gs = 0xe025},
       .trap_ctxt = {[0] = {.vector = 1, .flags = 2, .cs = 3, .address = 0xc0000004},
                     [255] = {.vector = 0xff, .flags = 6, .cs = 0xe019, .address = 0xc0000005}},
       .ldt_base = 0xd0001000, .ldt_ents = 0x2000,
       .gdt_frames = {[0] = 0x81234567, [15] = 0x89abcdef}, .gdt_ents = 0x1c00,
       .kernel_ss = 0xe021, .kernel_sp = 0xc0002000,
       .ctrlreg = {[0] = 0x80050033, [7] = 0x80000007}, .debugreg = {[0] = 0x80000010, [7] = 0x80000400},
       ENTRY(event_callback_cs, event_callback_eip, event_callback_eip, 0xe019, 0xc0003000),
       ENTRY(failsafe_callback_cs, failsafe_callback_eip, failsafe_callback_eip, 0xe01a, 0xc0004000),
       .vm_assist = 0x80000028)
