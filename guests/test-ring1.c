/* The ring model of 32-bit guests: the kernel in ring 1, applications in ring 3, each kept from
 * what is above it; the ways between them; and the hole at the top of the address space, of which
 * the machine-to-physical array is all that a guest can name. */
#include "guest.h"

#define USER_EIP(f) USER_ADDRESS(f)
#define EFLAGS_IF 0x200UL
#define EFLAGS_TF 0x100UL
#define EFLAGS_VM 0x20000UL
#define HV_CODE 0xe008 /* Ringfort's own segment: what attacks aim at */
#define FLAT_CS64 0xe033
#define DESC_CODE32(dpl) (0x00cf9a000000ffffULL | (uint64_t)(dpl) << 45)
#define DESC_LONG (1ULL << 53)
#define DESC_PRESENT (1ULL << 47)

static USER void system_call(void)
{
    asm volatile("mov $77, %eax; mov $88, %edx; int $0x80; ud2");
}

static USER void undefined(void)
{
    asm volatile("ud2");
}

static USER void halt(void)
{
    asm volatile("hlt");
}

static USER void hypercall(void)
{
    asm volatile("mov $17, %eax; int $0x82; ud2");
}

static USER void read_edi(void)
{
    asm volatile("mov (%edi), %eax; ud2");
}

static USER void write_edi(void)
{
    asm volatile("movl $1, (%edi); ud2");
}

static USER void sysenter(void)
{
    asm volatile("sysenter; ud2");
}

static USER void spin(void)
{
    asm volatile("1: jmp 1b");
}

static int run(const void *code, unsigned long edi)
{
    struct trap_frame frame = {
        .rip = USER_EIP(code),
        .cs = FLAT_USER_CS,
        .rflags = EFLAGS_IF | 2,
        .rsp = USER_STACK_TOP - 64,
        .ss = FLAT_USER_SS,
        .rdi = edi,
        .rbx = 0x5555,
    };

    return user_run_frame(&frame, 0);
}

/* Segments and flags that the kernel has; what ring 1 may not do. */
static void check_kernel(void)
{
    static unsigned long before;
    uint16_t cs, ss;
    unsigned long cr3;

    asm volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
    CHECK_EQ(cs, FLAT_KERNEL_CS);
    CHECK_EQ(ss, FLAT_KERNEL_SS);
    vcpu_info()->evtchn_upcall_mask = 1;
    CHECK_EQ(CATCH(asm volatile("mov %%esp, %0; ud2" : "=m"(before))), TRAP_UD);
    CHECK_EQ(last_trap.cs, FLAT_KERNEL_CS);
    CHECK_EQ(last_trap.saved_upcall_mask & 0xff, 1);
    CHECK_EQ(last_trap.rflags & EFLAGS_IF, 0);
    /* Three words, for the ring stays; the library has moved them down to add two. */
    CHECK_EQ(trap_states[0].frame_address + 5 * 4, before);
    CHECK_EQ(last_trap.rsp, before);
    CHECK_EQ(CATCH(asm volatile("hlt")), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("lidt (%0)" : : "r"(&before))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("ltr %w0" : : "r"(0xe040))), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov $0xc0000101, %%ecx; rdmsr"
                                :
                                :
                                : "eax", "ecx", "edx")),
             TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("mov $0xc0000102, %%ecx; wrmsr"
                                :
                                : "a"(0), "d"(0)
                                : "ecx")),
             TRAP_GP);
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    CHECK_EQ(xen_cr3_to_pfn(cr3), va_to_mfn((void *)start_info->pt_base));
    CHECK_EQ(CATCH((void)*(volatile char *)0x123008UL), TRAP_PF);
    CHECK_EQ(last_cr2, 0x123008);
    CHECK_EQ(last_trap.error, 0);
}

/* Far jumps and returns by which the kernel would like to be somewhere else. */
static void far_jump(unsigned selector)
{
    struct {
        uint32_t eip;
        uint16_t cs;
    } __attribute__((packed)) to = {(unsigned long)check_kernel, (uint16_t)selector};

    asm volatile("ljmp *%0" : : "m"(to));
}

static void return_to(unsigned selector, unsigned long flags)
{
    asm volatile("push %0; push %1; push $1f; push $0; mov $23, %%eax; int $0x82; 1:"
                 :
                 : "r"(flags), "r"(selector)
                 : "eax", "memory");
}

static bool failsafe_ends(struct trap_frame *f)
{
    /* As the kernel was before: the frame that could not be returned to is the test's own. */
    f->cs = FLAT_KERNEL_CS;
    return true;
}

static void check_transfers(void)
{
    CHECK_EQ(CATCH(far_jump(HV_CODE)), TRAP_GP);
    CHECK_EQ(last_trap.error, HV_CODE);
    CHECK_EQ(CATCH(far_jump(HV_CODE | 1)), TRAP_GP);
    CHECK_EQ(CATCH(far_jump(FLAT_CS64)), TRAP_GP);
    CHECK_EQ(CATCH(far_jump(0xe040)), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("int $0x81")), TRAP_GP);
    CHECK_EQ(CATCH(return_to(FLAT_KERNEL_CS, EFLAGS_VM)), TRAP_GP);
    /* Ring 0 in a frame means ring 1. */
    CHECK_EQ(CATCH(return_to(FLAT_KERNEL_CS & ~3, 0)), NO_TRAP);
    trap_hook(ENTRY_FAILSAFE, failsafe_ends);
    CHECK_EQ(CATCH(return_to(HV_CODE | 1, 0)), NO_TRAP);
    CHECK_EQ(CATCH(return_to(0, 0)), NO_TRAP);
    trap_hook(ENTRY_FAILSAFE, NULL);
    /* The events' mask goes by IF. */
    return_to(FLAT_KERNEL_CS, EFLAGS_IF);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    return_to(FLAT_KERNEL_CS, 0);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 1);
}

static void check_user_frame(void)
{
    CHECK_EQ(last_trap.cs, FLAT_USER_CS);
    CHECK_EQ(last_trap.ss, FLAT_USER_SS);
    CHECK_EQ(last_trap.rsp, USER_STACK_TOP - 64);
    CHECK_EQ(last_trap.rflags & EFLAGS_IF, EFLAGS_IF);
    CHECK_EQ(last_trap.rbx, 0x5555);
    CHECK_EQ(trap_states[0].frame_address + 5 * 4, (unsigned long)stacks[0] + 2 * STACK_SIZE);
}

/* Ring 3: what it may do, and where it ends up when it does more. */
static void check_user(void)
{
    CHECK_EQ(run(system_call, 0), 0x80);
    check_user_frame();
    CHECK_EQ(last_trap.rax, 77);
    CHECK_EQ(last_trap.rdx, 88);
    CHECK_EQ(((const uint8_t *)last_trap.rip)[-2], 0xcd);
    CHECK_EQ(run(undefined, 0), TRAP_UD);
    check_user_frame();
    CHECK_EQ(run(halt, 0), TRAP_GP);
    /* Hypercalls are for ring 1. (QEMU's emulator doubles the vector in the error code: Ringfort
     * takes that for vector 4 then.) */
    int entry = run(hypercall, 0);
    CHECK(entry == TRAP_GP || entry == TRAP_OF);
    CHECK_EQ(last_trap.rax, 17);
    check_user_frame();
    /* The kernel is there, on the same tables, behind the supervisor bit. */
    CHECK_EQ(run(read_edi, (unsigned long)stacks), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER | PF_PRESENT);
    CHECK_EQ(last_cr2, (unsigned long)stacks);
    CHECK_EQ(run(write_edi, (unsigned long)stacks), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER | PF_PRESENT | PF_WRITE);
    CHECK_EQ(run(read_edi, 0x123000), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER);
    /* Whatever these do on a processor, they come to the kernel as a fault. */
    entry = run(sysenter, 0);
    CHECK(entry == TRAP_GP || entry == TRAP_UD);
    CHECK_EQ(last_trap.cs, FLAT_USER_CS);
    /* What SMEP and SMAP forbid supervisors, ring 1 may do with its user pages. */
    CHECK_EQ(*(volatile uint8_t *)USER_EIP(undefined) != 0, true);
    CHECK_EQ(CATCH(((void (*)(void))USER_EIP(undefined))()), TRAP_UD);
    CHECK_EQ(last_trap.rip >= USER_CODE && last_trap.rip < USER_STACK, true);
}

/* Frames whose CS is not 32-bit code of the guest's come back by the failsafe callback. What a
 * 64-bit guest's flat segments are called is of interest: for those the way out is another. */
static void check_bad_frames(void)
{
    static const uint16_t selectors[][2] = {
        {FLAT_CS64, 0xe02b}, {FLAT_CS64, FLAT_USER_SS}, {HV_CODE | 3, 0xe013}, {3, FLAT_USER_SS},
        {0xe043, 0xe02b},    {FLAT_USER_CS, 0xe013},    {FLAT_USER_CS, 3},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(selectors); i++) {
        struct trap_frame frame = {
            .rip = USER_EIP(undefined),
            .cs = selectors[i][0],
            .rflags = EFLAGS_IF | 2,
            .rsp = USER_STACK_TOP - 64,
            .ss = selectors[i][1],
            .rcx = USER_EIP(undefined),
        };

        CHECK_EQ(user_run_frame(&frame, 0), ENTRY_FAILSAFE);
        CHECK_EQ(failsafe_selectors[0] & 3, 3);
    }
}

/* The kernel needs no hypercall to get to ring 3. */
static void check_native_iret(void)
{
    static volatile bool left;

    user_run(USER_EIP(undefined));
    if (!CATCH({
            left = true;
            asm volatile(
                "mov %3, %%ds; mov %3, %%es; push %3; push %0; push $0x202; push %2; push %1; iret"
                :
                : "r"(USER_STACK_TOP - 64), "r"(USER_EIP(undefined)), "r"(FLAT_USER_CS),
                  "r"(FLAT_USER_SS)
                : "memory");
        }))
        CHECK(false);
    CHECK(left);
    CHECK_EQ(last_trap.entry, TRAP_UD);
    CHECK_EQ(last_trap.cs, FLAT_USER_CS);
}

static unsigned upcalls;
static bool stop_spinning(struct trap_frame *f)
{
    upcalls += f->cs == FLAT_USER_CS;
    f->rip = USER_EIP(undefined);
    vcpu_info()->evtchn_upcall_pending = 0;
    return true;
}

/* An event ends a loop in ring 3. */
static void check_event(void)
{
    trap_hook(ENTRY_EVENT, stop_spinning);
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns =
                                                  vcpu_info()->time.system_time + 30000000000ULL};
    timer.timeout_abs_ns = 1;
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER};
    MUST(event_channel_op(EVTCHNOP_bind_virq, &bind));
    shared_info->evtchn_mask[bind.port / 32] &= ~(1UL << bind.port % 32);
    MUST(vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer));
    CHECK_EQ(run(spin, 0), TRAP_UD);
    CHECK_EQ(upcalls, 1);
    CHECK_EQ(vcpu_info()->evtchn_pending_sel, 1UL << bind.port / 32);
    CHECK_EQ(shared_info->evtchn_pending[bind.port / 32], 1UL << bind.port % 32);
    trap_hook(ENTRY_EVENT, NULL);
}

/* Descriptors lose what would lead above ring 1, or are refused. */
static void check_descriptors(void)
{
    uint64_t *gdt = page_alloc();
    xen_pfn_t frame = va_to_mfn(gdt);
    uint16_t cs;

    gdt[2] = DESC_CODE32(0);
    page_make_readonly(gdt);
    MUST(set_gdt(&frame, 512));
    CHECK_EQ(gdt[2] >> 45 & 3, 1);
    CHECK_EQ(update_descriptor(va_to_maddr(&gdt[3]), DESC_CODE32(1) | DESC_LONG), -XEN_EINVAL);
    /* A gate to Ringfort's segment, a task-state segment. */
    CHECK_EQ(update_descriptor(va_to_maddr(&gdt[3]), 0xc0108cff00081000ULL | DESC_PRESENT),
             -XEN_EINVAL);
    CHECK_EQ(update_descriptor(va_to_maddr(&gdt[3]), 0x0000890000000067ULL), -XEN_EINVAL);
    CHECK_EQ(update_descriptor(va_to_maddr(&gdt[3]), DESC_CODE32(0)), 0);
    CHECK_EQ(gdt[3] >> 45 & 3, 1);
    asm volatile("ljmp $0x19, $1f; 1: mov %%cs, %0; ljmp %1, $2f; 2:"
                 : "=r"(cs)
                 : "i"(FLAT_KERNEL_CS));
    CHECK_EQ(cs, 0x19);
    CHECK_EQ(CATCH(far_jump(0x21)), TRAP_GP);
}

/* Where Ringfort reads the notes the hole is the paper's, as ours asks; xl's builder, which does
 * not tell Ringfort, leaves it as the ABI has it (and says so to this guest). */
static unsigned long hole_start(void)
{
    return strstr((const char *)start_info->cmd_line, "hole=abi") ? HYPERVISOR_VIRT_START_PAE
                                                                  : HYPERVISOR_VIRT_START_NONPAE;
}

/* The hole: the array, read-only, and nothing else. */
static void check_hole(void)
{
    struct xen_machphys_mapping map;
    struct xen_platform_parameters params;
    unsigned long last = start_info->nr_pages - 1;

    MUST(memory_op(XENMEM_machphys_mapping, &map));
    MUST(xen_version(XENVER_platform_parameters, &params));
    CHECK_EQ(map.v_start, params.virt_start);
    CHECK_EQ(map.v_start, hole_start());
    CHECK_EQ(map.max_mfn, (map.v_end - map.v_start) / 4 - 1);
    const volatile uint32_t *m2p = (void *)map.v_start;
    for (unsigned long pfn = 0; pfn <= last; pfn += 7)
        if (m2p[pfn_to_mfn(pfn)] != pfn && !CHECK_EQ(m2p[pfn_to_mfn(pfn)], pfn))
            break;
    CHECK_EQ(CATCH(*(volatile uint32_t *)map.v_start = 1), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_PRESENT | PF_WRITE);
    CHECK_EQ(CATCH((void)*(volatile uint32_t *)0xfffff000UL), TRAP_PF);
    CHECK_EQ(CATCH((void)*(volatile uint32_t *)map.v_end), TRAP_PF);
    /* Neither tables nor copies nor frames of Ringfort's reach it. */
    CHECK_EQ(update_va_mapping(map.v_start, 0, 0), -XEN_EINVAL);
    CHECK_EQ(update_va_mapping(map.v_start, pte_make(pfn_to_mfn(last), PAGE_RW), 0), -XEN_EINVAL);
    CHECK_EQ(xen_version(XENVER_platform_parameters, (void *)map.v_start), -XEN_EFAULT);
    CHECK_EQ(xen_version(XENVER_platform_parameters, (void *)0xfffffffcUL), -XEN_EFAULT);
    CHECK_EQ(stack_switch(FLAT_KERNEL_SS, 0), 0);
    CHECK_EQ(entry_write(entry_of(map.v_start, 2), 0), -XEN_EINVAL);
    CHECK_EQ(entry_write(&root_table()[3], 0), -XEN_EINVAL);
    CHECK_EQ(entry_write(&root_table()[4], pte_make(pfn_to_mfn(last), PTE_P)), -XEN_EINVAL);
}

void test(void)
{
    check_kernel();
    check_transfers();
    user_init();
    check_user();
    check_bad_frames();
    check_native_iret();
    check_event();
    check_descriptors();
    check_hole();
}
