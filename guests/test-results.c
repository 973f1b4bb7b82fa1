/* Results that look like Ringfort's own word for "call again" (-85, which Linux calls ERESTART) are
 * the guest's business: they come back as they are, and the call is not repeated. */
#include "guest.h"

#define CALL_AGAIN (-85L)

extern const char system_call[];

/* What a repetition of the two bytes before it would run is harmless. */
static USER void call_user(void)
{
    asm volatile("nop; nop; system_call: " SYSTEM_CALL "; ud2");
}

/* User mode was interrupted with such a value in RAX: it goes on where it was, with that value. */
static void check_iret(void)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(system_call),
        .cs = USER_CS,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP,
        .ss = USER_SS,
        .rax = (unsigned long)CALL_AGAIN,
    };

    for (unsigned flags = 0; flags < 2; flags++) {
        CHECK_EQ(user_run_frame(&frame, flags ? VGCF_in_syscall : 0), ENTRY_SYSTEM_CALL);
        CHECK_EQ(last_trap.rip, frame.rip + 2);
        CHECK_EQ(last_trap.rax, CALL_AGAIN);
    }
}

/* Where an address may have that value: at 32 bits it is the hypervisor's. */
static void check_debug_register(void)
{
    if ((unsigned long)CALL_AGAIN > HYPERVISOR_LAST_PAGE)
        return;
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
