/* Results that look like Ringfort's own word for "call again" (-85, which Linux calls ERESTART) are
 * the guest's business: they come back as they are, and the call is not repeated. */
#include "guest.h"

#define CALL_AGAIN (-85L)

static USER void syscall_user(void)
{
    asm volatile("nop; nop; syscall; ud2");
}

/* User mode was interrupted with such a value in RAX: it goes on where it was, with that value. */
static void check_iret(void)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(syscall_user) + 2,
        .cs = FLAT_USER_CS64,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP,
        .ss = FLAT_USER_SS,
        .rax = (uint64_t)CALL_AGAIN,
    };

    for (unsigned flags = 0; flags < 2; flags++) {
        frame.rip = USER_ADDRESS(syscall_user);
        while (*(char *)frame.rip != 0x0f)
            frame.rip++;
        CHECK_EQ(user_run_frame(&frame, flags ? VGCF_in_syscall : 0), ENTRY_SYSCALL);
        CHECK_EQ(last_trap.rip, frame.rip + 2);
        CHECK_EQ(last_trap.rax, CALL_AGAIN);
    }
}

static void check_debug_register(void)
{
    struct multicall_entry entry = {.op = __HYPERVISOR_get_debugreg, .args = {3}};

    CHECK_EQ(set_debugreg(3, (unsigned long)CALL_AGAIN), 0);
    CHECK_EQ(get_debugreg(3), CALL_AGAIN);
    CHECK_EQ(multicall(&entry, 1), 0);
    CHECK_EQ(entry.result, CALL_AGAIN);
    CHECK_EQ(set_debugreg(3, 0), 0);
}

void test(void)
{
    user_init();
    check_iret();
    check_debug_register();
}
