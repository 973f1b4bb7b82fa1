/* Bad returns: advisory 7 was SYSRET to an address that is not canonical, whose fault comes in ring
 * 0 on the guest's stack; 8 the same by exceptions; 202 flags that masked the hypervisor's own
 * interrupts. What must hold: such addresses, and selectors that do not load, hurt the guest alone,
 * by its failsafe callback or by a fault at the place it returned to; forced flags hold. (The bad
 * frames of 32-bit kernels: test-ring1.) */
#include "guest.h"

static USER void flags_user(void)
{
    asm volatile("pushfq; pop %rax; syscall; ud2");
}

static USER void syscall_user(void)
{
    asm volatile("syscall; ud2");
}

/* SYSCALL as the last instruction before the hole: RCX then is not canonical. */
#define LAST_PAGE 0x7ffffffff000UL

static struct trap_frame frame_at(uint64_t rip)
{
    return (struct trap_frame){
        .rip = rip,
        .cs = FLAT_USER_CS64,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP - 64,
        .ss = FLAT_USER_SS,
    };
}

/* The frame must end in a fault or the failsafe callback. */
static void check_fails(const struct trap_frame *frame, unsigned flags)
{
    int entry = user_run_frame(frame, flags);

    if (!CHECK(entry == ENTRY_FAILSAFE || entry == TRAP_GP || entry == TRAP_PF || entry == TRAP_SS))
        print("entry %d for rip %lx cs %x ss %lx rsp %lx\n", entry, frame->rip, frame->cs,
              frame->ss, frame->rsp);
}

static void check_addresses(void)
{
    static const uint64_t bad[] = {0x800000000000,     0x7fffffffffff,     0xffff7fffffffffff,
                                   0x8000000000000000, 0xffff800000000000, 0xffff880000000000};
    struct trap_frame frame;
    int entry;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        frame = frame_at(bad[i]);
        check_fails(&frame, 0);
        check_fails(&frame, VGCF_in_syscall);
    }
    /* A stack pointer may be anything until it is used. */
    frame = frame_at(USER_ADDRESS(syscall_user));
    frame.rsp = 0x800000000000;
    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_SYSCALL);
    frame = frame_at(USER_ADDRESS(flags_user));
    frame.rsp = 0x800000000000;
    entry = user_run_frame(&frame, 0);
    /* Emulators do not agree on the vector. */
    CHECK(entry == TRAP_SS || entry == TRAP_GP || entry == TRAP_PF);
}

/* The kernel's bounce frame has the address as it is; going back there is no worse than above. */
static void check_edge(void)
{
    char *page = page_alloc();
    struct trap_frame frame = frame_at(LAST_PAGE + PAGE_SIZE - 2);

    page[PAGE_SIZE - 2] = 0x0f;
    page[PAGE_SIZE - 1] = 0x05;
    MUST(map_at(LAST_PAGE, va_to_mfn(page), PAGE_RO));
    MUST(entry_write(&user_root()[255], *entry_of(LAST_PAGE, 4)));
    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_SYSCALL);
    CHECK_EQ(last_trap.rip, LAST_PAGE + PAGE_SIZE);
    frame.rip = last_trap.rip;
    check_fails(&frame, VGCF_in_syscall);
    check_fails(&frame, 0);
}

static void check_selectors(void)
{
    static const unsigned bad[] = {0x0003, 0x0008, 0x1233, 0xe001 | 3, 0xe008,
                                   0xe010, 0xe038, 0xe040, 0xe048,     0xfff8};
    struct trap_frame frame;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        frame = frame_at(USER_ADDRESS(syscall_user));
        frame.cs = bad[i] | 3;
        check_fails(&frame, 0);
        /* In 64-bit code a null SS is allowed for rings below 3 only. */
        frame = frame_at(USER_ADDRESS(syscall_user));
        frame.ss = bad[i] | 3;
        check_fails(&frame, 0);
    }
}

static void check_flags(void)
{
    struct trap_frame frame = frame_at(USER_ADDRESS(flags_user));

    /* No interrupts off, IOPL, NT, VM or the like for user mode. */
    frame.rflags = 0x2 | 0x3000 | 0x4000 | 0x20000 | 0x100000;
    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_SYSCALL);
    CHECK_EQ(last_trap.rax & (0x3000 | 0x20000), 0);
    CHECK_EQ(last_trap.rax & 0x200, 0x200);
    /* As the instruction left them. */
    CHECK_EQ(last_trap.rcx, last_trap.rip);
    CHECK_EQ(last_trap.r11 & 0x200, 0x200);
    CHECK_EQ(((const uint8_t *)last_trap.rip)[-1], 0x05);
    frame.rflags = 0x202 | 0x8d5;
    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_SYSCALL);
    CHECK_EQ(last_trap.rax & 0x8d5, 0x8d5);
    frame = frame_at(USER_ADDRESS(flags_user));
    frame.rflags = 0x302;
    /* Single step: the first instruction is done. */
    CHECK_EQ(user_run_frame(&frame, 0), TRAP_DB);
    CHECK_EQ(last_trap.rip, USER_ADDRESS(flags_user) + 1);
}

void test(void)
{
    user_init();
    check_addresses();
    check_selectors();
    check_flags();
    check_edge();
}
