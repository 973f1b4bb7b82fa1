/* Exceptions come to the registered handlers with the frame the ABI describes: stack aligned, CS
 * without privilege bits, the event mask saved and set as the table says. Bad tables are refused.
 */
#include "guest.h"

static bool seen_mask;
static unsigned breakpoints, steps;

static bool breakpoint(struct trap_frame *f)
{
    (void)f;
    seen_mask = vcpu_info()->evtchn_upcall_mask;
    breakpoints++;
    return true;
}

static bool step(struct trap_frame *f)
{
    steps++;
    f->rflags &= ~0x100UL;
    return true;
}

static void check_frame(void)
{
    unsigned long before;

    vcpu_info()->evtchn_upcall_mask = 1;
    asm volatile("mov " REG("sp") ", %0" : "=r"(before));
    CHECK_EQ(CATCH(asm volatile("ud2")), TRAP_UD);
    CHECK_EQ(last_trap.cs & 0xffff, KERNEL_FRAME_CS);
    CHECK_EQ(last_trap.ss, FLAT_KERNEL_SS);
    CHECK_EQ(last_trap.error, 0);
    CHECK_EQ(last_trap.saved_upcall_mask & 0xff, 1);
    CHECK_EQ(last_trap.rflags & 0x200, 0);
    CHECK_EQ(last_trap.rflags & 0x3000, 0);
    CHECK_EQ(last_trap.rsp, before);
    /* RIP RFLAGS and the rest end at a multiple of 16. */
    if (ROOT_LEVEL == 4)
        CHECK_EQ((trap_states[0].frame_address + 5 * 8) % 16, 0);
    CHECK_EQ(*(uint8_t *)last_trap.rip, 0x0f);

    vcpu_info()->evtchn_upcall_mask = 0;
    CHECK_EQ(CATCH(asm volatile("ud2")), TRAP_UD);
    CHECK_EQ(last_trap.saved_upcall_mask & 0xff, 0);
    CHECK_EQ(last_trap.rflags & 0x200, 0x200);
    vcpu_info()->evtchn_upcall_mask = 1;
}

static void check_vectors(void)
{
    int zero = 0;

    CHECK_EQ(CATCH(asm volatile("xor %%edx, %%edx; divl %0"
                                :
                                : "r"(zero)
                                : "eax", "edx", "cc")),
             TRAP_DE);
    CHECK_EQ(CATCH(asm volatile("hlt")), TRAP_GP);
    CHECK_EQ(last_trap.error, 0);
    CHECK_EQ(CATCH(asm volatile("lgdt (%0)" : : "r"(&zero))), TRAP_GP);
    /* A kernel counts as ring 1, and this vector is not for it to raise. (Which error code comes
     * with that depends on the emulator.) */
    CHECK_EQ(CATCH(asm volatile("int $0x55")), TRAP_GP);
    CHECK_EQ(CATCH(asm volatile("int $0x80")), 0x80);
    /* No address at all, and one of the window with the machine-to-physical array. */
    CHECK_EQ(CATCH((void)*(volatile char *)NO_ADDRESS), ROOT_LEVEL == 4 ? TRAP_GP : NO_TRAP);
    CHECK_EQ(CATCH((void)*(volatile char *)0x123000UL), TRAP_PF);
    CHECK_EQ(last_cr2, 0x123000);
    CHECK_EQ(last_trap.error, 0);
    CHECK_EQ(CATCH(*(volatile char *)0x123008UL = 1), TRAP_PF);
    CHECK_EQ(last_cr2, 0x123008);
    CHECK_EQ(last_trap.error, PF_WRITE);
    CHECK_EQ(CATCH(((void (*)(void))0x124000)()), TRAP_PF);
    CHECK_EQ(last_cr2, 0x124000);
    /* Hypervisor addresses that are not the guest's fault too, and say nothing of what is there. */
    CHECK_EQ(CATCH((void)*(volatile char *)(HYPERVISOR_LAST_PAGE)), TRAP_PF);
    CHECK_EQ(last_cr2, HYPERVISOR_LAST_PAGE);
}

static void check_resume(void)
{
    trap_hook(TRAP_BP, breakpoint);
    asm volatile("int3");
    CHECK_EQ(breakpoints, 1);
    CHECK_EQ(seen_mask, 1);
    vcpu_info()->evtchn_upcall_mask = 0;
    asm volatile("int3");
    CHECK_EQ(breakpoints, 2);
    CHECK_EQ(seen_mask, 0);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    vcpu_info()->evtchn_upcall_mask = 1;

    trap_hook(TRAP_DB, step);
    asm volatile("pushf; orl $0x100, (" REG("sp") "); popf; nop; nop" : : : "cc", "memory");
    CHECK_EQ(steps, 1);
}

static void check_table(void)
{
    struct trap_info table[] = {
        {TRAP_BP, 3 | 4, FLAT_KERNEL_CS, (unsigned long)trap_stubs + TRAP_BP * TRAP_STUB_SIZE},
        {0, 0, 0, 0},
    };
    struct trap_info bad[] = {
        {TRAP_BP, 3, FLAT_KERNEL_CS, NO_ADDRESS},
        {0, 0, 0, 0},
    };

    /* Flag 4: the handler starts with events masked. */
    CHECK_EQ(set_trap_table(table), 0);
    vcpu_info()->evtchn_upcall_mask = 0;
    seen_mask = false;
    asm volatile("int3");
    CHECK_EQ(seen_mask, 1);
    CHECK_EQ(vcpu_info()->evtchn_upcall_mask, 0);
    vcpu_info()->evtchn_upcall_mask = 1;
    /* Selectors are forced to something a guest may use. */
    table[0].cs = FLAT_KERNEL_CS & ~3;
    CHECK_EQ(set_trap_table(table), 0);
    asm volatile("int3");
    /* Any 32 bits are an address. */
    if (ROOT_LEVEL == 4)
        CHECK_EQ(set_trap_table(bad), -XEN_EINVAL);
    CHECK_EQ(set_trap_table((void *)0x1000), -XEN_EFAULT);
    CHECK_EQ(set_trap_table((void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    asm volatile("int3");
    CHECK_EQ(breakpoints, 5);
}

void test(void)
{
    check_frame();
    check_vectors();
    check_resume();
    check_table();
}
