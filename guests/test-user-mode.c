/* User mode: reached by the iret hypercall, left by SYSCALL, int 0x80, faults and exceptions, each
 * with the ABI's frame on the kernel stack; the kernel's part of the address space is not there. */
#include "guest.h"

static USER void call_user(void)
{
    asm volatile("mov $77, %%eax; mov $0x1111, %%edi; " SYSTEM_CALL "; ud2" : :);
}

static USER void interrupt_user(void)
{
    asm volatile("int $0x80; ud2");
}

static USER void undefined_user(void)
{
    asm volatile("ud2");
}

static USER void read_kernel_user(void)
{
    asm volatile("mov (" REG("di") "), %%eax; ud2" : :);
}

static USER void write_user(void)
{
    asm volatile("movl $1, (" REG("di") "); ud2" : :);
}

static USER void privileged_user(void)
{
    asm volatile("hlt");
}

static USER void vector_user(void)
{
    asm volatile("int $0x21");
}

static USER void breakpoint_user(void)
{
    asm volatile("int3");
}

static int run(const void *code, unsigned long rdi)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(code),
        .cs = USER_CS,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP - 64,
        .ss = USER_SS,
        .rdi = rdi,
        .rbx = 0x5555,
        .rbp = 0x6666,
    };

    return user_run_frame(&frame, 0);
}

static void check_frame(void)
{
    CHECK_EQ(last_trap.cs & 0xffff, USER_CS);
    CHECK_EQ(last_trap.ss, USER_SS);
    CHECK_EQ(last_trap.rsp, USER_STACK_TOP - 64);
    CHECK_EQ(last_trap.rflags & 0x200, 0x200);
    CHECK_EQ(last_trap.saved_upcall_mask & 0xff, 0);
    CHECK_EQ(last_trap.rbx, 0x5555);
    CHECK_EQ(last_trap.rbp, 0x6666);
    /* The frame ends where stack_switch said. */
    CHECK_EQ(trap_states[0].frame_address + 5 * sizeof(long), (uintptr_t)stacks[1] + STACK_SIZE);
}

static void check_entries(void)
{
    CHECK_EQ(run(call_user, 0), ENTRY_SYSTEM_CALL);
    check_frame();
    CHECK_EQ(last_trap.rax, 77);
    CHECK_EQ(last_trap.rdi, 0x1111);
    CHECK_EQ(run(interrupt_user, 0), 0x80);
    check_frame();
    CHECK_EQ(((const uint8_t *)last_trap.rip)[-2], 0xcd);
    CHECK_EQ(run(undefined_user, 0), TRAP_UD);
    check_frame();
    CHECK_EQ(run(breakpoint_user, 0), TRAP_BP);
    CHECK_EQ(((const uint8_t *)last_trap.rip)[-1], 0xcc);
    CHECK_EQ(run(privileged_user, 0), TRAP_GP);
    CHECK_EQ(last_trap.error, 0);
    /* A vector that user mode may not raise. (The error code depends on the emulator.) */
    CHECK_EQ(run(vector_user, 0), TRAP_GP);
}

static void check_memory(void)
{
    CHECK_EQ(run(read_kernel_user, 0x123000), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER);
    CHECK_EQ(last_cr2, 0x123000);
    CHECK_EQ(run(write_user, 0x123000), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER | PF_WRITE);
    /* Kernel memory is in no table of the user root, or the supervisor's. */
    CHECK_EQ(run(read_kernel_user, (uintptr_t)stacks), TRAP_PF);
    CHECK_EQ(last_trap.error, ROOT_LEVEL == 4 ? PF_USER : PF_USER | PF_PRESENT);
    CHECK_EQ(run(write_user, (uintptr_t)stacks), TRAP_PF);
    CHECK_EQ(run(0, 0), TRAP_PF);
    /* A page that is there and read-only. */
    MUST(map_at(USER_STACK + PAGE_SIZE, va_to_mfn(page_alloc()), PAGE_RO | PTE_US));
    CHECK_EQ(run(write_user, USER_STACK + PAGE_SIZE), TRAP_PF);
    CHECK_EQ(last_trap.error, PF_USER | PF_WRITE | PF_PRESENT);
    CHECK_EQ(last_cr2, USER_STACK + PAGE_SIZE);
    CHECK_EQ(run(read_kernel_user, USER_STACK + PAGE_SIZE), TRAP_UD);
    /* Not canonical, or the window with the machine-to-physical array. */
    CHECK_EQ(run(read_kernel_user, NO_ADDRESS), ROOT_LEVEL == 4 ? TRAP_GP : TRAP_UD);
}

void test(void)
{
    /* user_run_frame leaves upcalls masked after each entry; this is what user mode has. */
    user_init();
    check_entries();
    check_memory();
    /* After all that the kernel still maps the user half, and the user root can change. */
    CHECK_EQ(*(volatile uint8_t *)USER_ADDRESS(undefined_user + 0) != 0, true);
    if (ROOT_LEVEL == 4)
        CHECK_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    user_init();
    CHECK_EQ(run(undefined_user, 0), TRAP_UD);
}
