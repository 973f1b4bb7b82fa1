/* Flags that a handler starts with. What an application has set must not work on in its kernel,
 * whose string instructions would go backwards with DF: system calls under SYSCALL rely on that as
 * on the processor's mask. The frame has the flags as they were, and going back restores them. */
#include "guest.h"

#define FLAG_DF 0x400UL
#define FLAG_NT 0x4000UL
#define FLAG_AC 0x40000UL
#define FLAGS_OF_CALLER (FLAG_DF | FLAG_NT | FLAG_AC)

/* Entries come here first: the flags are kept for the test, then the library's stub goes on. */
extern const char noting[];
unsigned long flags_seen;
const char *noted_for;
asm("noting: pushf\n"
    "pop flags_seen\n"
    "jmp *noted_for\n");

static USER void call_user(void)
{
    asm volatile(SYSTEM_CALL "; ud2" : : : SYSTEM_CALL_CLOBBERS);
}

static USER void fault_user(void)
{
    asm volatile("ud2");
}

static const char *stub_of(unsigned vector)
{
    return trap_stubs + vector * TRAP_STUB_SIZE;
}

static void note_vector(unsigned vector)
{
    struct trap_info table[2] = {{
        .vector = (uint8_t)vector,
        .flags = 3,
        .cs = FLAT_KERNEL_CS,
        .address = (unsigned long)noting,
    }};

    noted_for = stub_of(vector);
    MUST(set_trap_table(table));
}

static void check_user(uintptr_t code, unsigned entry)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(code),
        .cs = USER_CS,
        .rflags = 0x202 | FLAGS_OF_CALLER,
        .rsp = USER_STACK_TOP,
        .ss = USER_SS,
    };

    flags_seen = FLAGS_OF_CALLER;
    CHECK_EQ(user_run_frame(&frame, 0), (int)entry);
    CHECK_EQ(flags_seen & FLAGS_OF_CALLER, 0);
    CHECK_EQ(last_trap.rflags & FLAGS_OF_CALLER, FLAGS_OF_CALLER);
}

static bool resume(struct trap_frame *frame)
{
    CHECK_EQ(frame->rflags & FLAG_DF, FLAG_DF);
    return true;
}

static void check_kernel(void)
{
    unsigned long after;

    trap_hook(TRAP_BP, resume);
    note_vector(TRAP_BP);
    flags_seen = FLAG_DF;
    asm volatile("std; int3; pushf; cld; pop %0" : "=r"(after) : : "memory");
    CHECK_EQ(flags_seen & FLAG_DF, 0);
    CHECK_EQ(after & FLAG_DF, FLAG_DF);
}

void test(void)
{
    user_init();
    if (HAS_SYSCALL) {
        noted_for = entry_syscall;
        MUST(callback_register(CALLBACKTYPE_syscall, noting, 0));
    } else {
        note_vector(ENTRY_SYSTEM_CALL);
    }
    check_user((uintptr_t)call_user, ENTRY_SYSTEM_CALL);
    note_vector(TRAP_UD);
    check_user((uintptr_t)fault_user, TRAP_UD);
    check_kernel();
}
