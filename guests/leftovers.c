/* Leaves a number where an entry keeps registers on a page that a guest's view has, in the way that
 * the command line says, and then runs on without it: tests/system/test_isolation.py looks whether
 * it is still there. */
#include "guest.h"

#define NUMBER 0x5ec8e7001ef70000UL

/* "info" is watched: Ringfort's own access to it is a #DB in Ringfort. */
static struct xen_feature_info info __attribute__((aligned(8)));

static USER void step_user(void)
{
    asm volatile("nop; ud2");
}

static struct trap_frame frame_with_number(void)
{
    return (struct trap_frame){
        .rip = USER_ADDRESS(step_user),
        .cs = FLAT_USER_CS64,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP,
        .ss = FLAT_USER_SS,
        .rbp = NUMBER,
        .r12 = NUMBER,
        .r13 = NUMBER,
        .r14 = NUMBER,
        .r15 = NUMBER,
    };
}

/* Single step: the stack of #DB, from user mode. */
static void leave_by_step(void)
{
    struct trap_frame frame = frame_with_number();

    frame.rflags |= 0x100;
    CHECK_EQ(user_run_frame(&frame, 0), TRAP_DB);
}

/* A return that the processor refuses: the page of the main stack. */
static void leave_by_return(void)
{
    struct trap_frame frame = frame_with_number();

    frame.cs = 0x1233;
    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_FAILSAFE);
}

/* The stack of #DB again, from inside Ringfort. */
static void leave_by_watch(void)
{
    long result;

    MUST(set_debugreg(0, (unsigned long)&info));
    MUST(set_debugreg(7, 1 | 15UL << 16));
    asm volatile("mov %[number], %%r12; mov %%r12, %%r13; mov %%r12, %%r14; mov %%r12, %%r15\n"
                 "syscall\n"
                 "xor %%r12d, %%r12d; mov %%r12, %%r13; mov %%r12, %%r14; mov %%r12, %%r15"
                 : "=a"(result)
                 : [number] "r"(NUMBER), "a"(__HYPERVISOR_xen_version), "D"(XENVER_get_features),
                   "S"(&info)
                 : "rcx", "r11", "r12", "r13", "r14", "r15", "memory");
    MUST(set_debugreg(7, 0));
    CHECK_EQ(result, 0);
}

void test(void)
{
    const char *way = (const char *)start_info->cmd_line;

    user_init();
    if (!strcmp(way, "return"))
        leave_by_return();
    else if (!strcmp(way, "step"))
        leave_by_step();
    else
        leave_by_watch();
    print("left\n");
    for (;;)
        sched_op(SCHEDOP_yield, NULL);
}
