/* 32-bit applications of a 64-bit guest: int 0x80 and faults come as from 64-bit ones, SYSCALL and
 * SYSENTER by their own callbacks where the processor has them there, with whatever flags;
 * returning to 32-bit code works by both kinds of return. (32-bit kernels have no other
 * applications: test-ring1.) */
#include "guest.h"

static USER_DATA const uint8_t int80[] = {0xb8, 7, 0, 0, 0, 0xcd, 0x80, 0x0f, 0x0b};
static USER_DATA const uint8_t syscall32[] = {0xb8, 8, 0, 0, 0, 0x0f, 0x05, 0x0f, 0x0b};
static USER_DATA const uint8_t sysenter32[] = {0xb8, 9, 0, 0, 0, 0x0f, 0x34, 0x0f, 0x0b};
/* 0x40 is INC EAX here and a prefix in 64-bit code. */
static USER_DATA const uint8_t inc32[] = {0x31, 0xc0, 0x40, 0x40, 0xcd, 0x80};
static USER_DATA const uint8_t read32[] = {0xa1, 0x00, 0x30, 0x12, 0x00};

static int run(const uint8_t *code, uint64_t flags, unsigned how)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(code),
        .cs = FLAT_USER_CS32,
        .rflags = 0x202 | flags,
        .rsp = USER_STACK_TOP - 64,
        .ss = FLAT_USER_SS32,
        .rbp = USER_STACK_TOP - 64,
    };

    /* 64-bit code does without; in 32-bit code the processor (not QEMU's) wants a segment. */
    asm volatile("mov %0, %%ds" : : "r"(FLAT_USER_DS32));
    return user_run_frame(&frame, how);
}

static void check_entry(const uint8_t *code, uint64_t flags, int callback)
{
    int entry = run(code, flags, 0);

    /* Not every processor has these in 32-bit code. A step may be reported first. */
    if (!CHECK(entry == callback || entry == TRAP_UD || entry == TRAP_GP ||
               (flags & 0x100 && entry == TRAP_DB)))
        print("entry %d flags %lx\n", entry, flags);
    if (entry == callback)
        CHECK_EQ(last_trap.rflags & 0x20200, 0x200);
}

/* The kernel learns the flags with which SYSENTER was executed, to go back with them: DF, NT, TF
 * and AC, in any combination. The instruction is the first, so that no step comes before it. */
static void check_sysenter_flags(void)
{
    static const uint64_t bits[] = {0x400, 0x4000, 0x100, 0x40000};

    for (unsigned set = 0; set < 16; set++) {
        uint64_t flags = 0;

        for (unsigned i = 0; i < 4; i++)
            flags |= set >> i & 1 ? bits[i] : 0;
        if (run(sysenter32 + 5, flags, 0) == ENTRY_SYSENTER)
            CHECK_EQ(last_trap.rflags & 0x44700, flags | 0x200);
    }
}

void test(void)
{
    static const uint64_t flags[] = {0, 0x4000, 0x100, 0x4100, 0x40000, 0x400};

    user_init();
    MUST(callback_register(CALLBACKTYPE_sysenter, entry_sysenter, 0));
    MUST(callback_register(CALLBACKTYPE_syscall32, entry_syscall32, 0));
    CHECK_EQ(run(int80, 0, 0), 0x80);
    CHECK_EQ(last_trap.cs & 0xffff, FLAT_USER_CS32);
    CHECK_EQ(last_trap.rax, 7);
    CHECK_EQ(run(inc32, 0, 0), 0x80);
    CHECK_EQ(last_trap.rax, 2);
    CHECK_EQ(run(inc32, 0, VGCF_in_syscall), 0x80);
    CHECK_EQ(last_trap.rax, 2);
    CHECK_EQ(run(read32, 0, 0), TRAP_PF);
    CHECK_EQ(last_cr2, 0x123000);
    CHECK_EQ(last_trap.error, PF_USER);
    for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        check_entry(syscall32, flags[i], ENTRY_SYSCALL32);
        check_entry(sysenter32, flags[i], ENTRY_SYSENTER);
    }
    check_sysenter_flags();
    /* Without callbacks they are undefined or not permitted. */
    MUST(callback_register(CALLBACKTYPE_sysenter, NULL, 0));
    MUST(callback_register(CALLBACKTYPE_syscall32, NULL, 0));
    for (unsigned i = 0; i < 2; i++) {
        int entry = run(i ? syscall32 : sysenter32, 0, 0);

        CHECK(entry == TRAP_UD || entry == TRAP_GP);
    }
}
