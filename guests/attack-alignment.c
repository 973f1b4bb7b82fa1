/* Alignment checks (advisories 156 and 308 for the loops of exceptions, and what SMAP made of the
 * AC flag later): the flag is the user's to set, an exception may come at every access, also of the
 * handler's, and a hypervisor that runs on with the guest's flag has switched SMAP off for itself.
 * What must hold: a misaligned access of ring 3 with the flag set is vector 17 with error 0 at that
 * instruction, for user code and for a 64-bit kernel; it comes as often as the guest asks for it;
 * the handler begins without the flag, the frame has it; Ringfort's own accesses to the guest's
 * memory are never checked; a software interrupt is not taken for the exception. Emulators without
 * alignment checks show the rest. */
#include "guest.h"

#define FLAG_AC 0x40000UL
#define REPEATS 200

static bool has_checks;
static unsigned left, taken;
static unsigned long handler_flags;

static USER void misaligned_user(void)
{
    asm volatile("mov -7(" REG("sp") "), %%eax; ud2" : :);
}

static USER void call_user(void)
{
    asm volatile(SYSTEM_CALL "; ud2");
}

static USER void interrupt_user(void)
{
    asm volatile("int $17; ud2");
}

static unsigned long flags_get(void)
{
    unsigned long flags;

    asm volatile("pushf; pop %0" : "=r"(flags));
    return flags;
}

static void flags_set(unsigned long flags)
{
    asm volatile("push %0; popf" : : "r"(flags) : "cc", "memory");
}

/* The exception again and again, until the frame goes back without the flag. */
static bool repeat(struct trap_frame *frame)
{
    handler_flags |= flags_get();
    taken++;
    if (!left)
        return false;
    if (--left == 0)
        frame->rflags &= ~FLAG_AC;
    return true;
}

static int run(const void *code, unsigned long flags)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(code),
        .cs = USER_CS,
        .rflags = 0x202 | flags,
        .rsp = USER_STACK_TOP - 64,
        .ss = USER_SS,
    };

    return user_run_frame(&frame, 0);
}

static void check_user(void)
{
    CHECK_EQ(run(misaligned_user, 0), TRAP_UD);
    has_checks = run(misaligned_user, FLAG_AC) == TRAP_AC;
    print("alignment checks: %s\n", has_checks ? "yes" : "none here");
    CHECK_EQ(last_trap.rflags & FLAG_AC, FLAG_AC);
    if (has_checks) {
        CHECK_EQ(last_trap.error, 0);
        CHECK_EQ(last_trap.rip, USER_ADDRESS(misaligned_user));
        CHECK_EQ(last_trap.cs & 3, 3);
    }
    CHECK_EQ(run(call_user, FLAG_AC), ENTRY_SYSTEM_CALL);
    CHECK_EQ(last_trap.rflags & FLAG_AC, FLAG_AC);
    CHECK_EQ(flags_get() & FLAG_AC, 0);
    CHECK_EQ(run(interrupt_user, FLAG_AC), TRAP_GP);
    /* QEMU multiplies the vector by the size of a gate. */
    CHECK(last_trap.error == 17 * 8 + 2 || last_trap.error == 17 * 16 + 2);
    CHECK_EQ(last_trap.rflags & FLAG_AC, FLAG_AC);
}

static void check_repeated(void)
{
    taken = 0;
    left = REPEATS;
    CHECK_EQ(run(misaligned_user, FLAG_AC), TRAP_UD);
    CHECK_EQ(taken, has_checks ? REPEATS : 0);
    left = 0;
}

/* A 64-bit kernel runs in ring 3 and is checked, one of 32 bits in ring 1 is not. */
static void check_kernel(void)
{
    static char room[64] __attribute__((aligned(16)));
    volatile uint32_t *word = (volatile uint32_t *)(room + 1);
    bool checked = has_checks && ROOT_LEVEL == 4;
    unsigned long before = flags_get();
    long answer, kept;

    taken = 0;
    CHECK_EQ(CATCH(flags_set(before | FLAG_AC); *word = 1; flags_set(before)),
             checked ? TRAP_AC : NO_TRAP);
    flags_set(before);
    CHECK_EQ(taken, checked);
    /* What Ringfort reads and writes for the guest is not checked, and the flag is kept. */
    flags_set(before | FLAG_AC);
    answer = hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion, (unsigned long)(room + 3));
    kept = (long)(flags_get() & FLAG_AC);
    flags_set(before);
    CHECK_EQ(answer, 0);
    CHECK_EQ(kept, FLAG_AC);
    CHECK(room[3] != 0);
    flags_set(before | FLAG_AC);
    answer = hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll, (unsigned long)(room + 3));
    kept = (long)(flags_get() & FLAG_AC);
    flags_set(before);
    CHECK_EQ(answer, -XEN_EINVAL);
    CHECK_EQ(kept, FLAG_AC);
}

void test(void)
{
    user_init();
    trap_hook(TRAP_AC, repeat);
    check_user();
    check_repeated();
    check_kernel();
    CHECK_EQ(handler_flags & FLAG_AC, 0);
}
