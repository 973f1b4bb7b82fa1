/* The areas for runstate and time are the kernel's memory, which user mode does not map: a vCPU
 * that was given the processor there finds them written when its kernel runs next. */
#include "guest.h"

#define TURNS 20

static struct vcpu_runstate_info runstate __attribute__((aligned(64)));
static struct vcpu_time_info clock_record __attribute__((aligned(64)));
static volatile bool other_runs;

/* Until the time-stamp counter without its last 12 bits has come to EDI. */
static USER void spin_user(void)
{
    asm volatile("1: rdtsc\n"
                 "shrd $12, %edx, %eax\n"
                 "cmp %edi, %eax\n"
                 "jb 1b\n" SYSTEM_CALL "; ud2");
}

static void spin(unsigned vcpu)
{
    other_runs = vcpu == 1;
    for (;;)
        asm volatile("pause");
}

/* User mode, until the other vCPU has had the processor at least once. */
static void stay_in_user_mode(void)
{
    struct trap_frame frame = {
        .rip = USER_ADDRESS(spin_user),
        .cs = USER_CS,
        .rflags = 0x202,
        .rsp = USER_STACK_TOP - 64,
        .ss = USER_SS,
        .rdi = (uint32_t)((rdtsc() + 50000000) >> 12),
    };

    CHECK_EQ(user_run_frame(&frame, 0), ENTRY_SYSTEM_CALL);
}

void test(void)
{
    struct vcpu_register_runstate_memory_area area = {0};
    struct vcpu_register_time_memory_area time_area = {0};
    unsigned switched = 0;

    user_init();
    set_xen_guest_handle(area.addr.h, &runstate);
    CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area), 0);
    set_xen_guest_handle(time_area.addr.h, &clock_record);
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &time_area), 0);
    CHECK_EQ(clock_record.system_time, vcpu_info()->time.system_time);
    REQUIRE(vcpu_launch(1, spin) == 0);
    while (!other_runs)
        sched_op(SCHEDOP_yield, NULL);

    for (unsigned i = 0; i < TURNS; i++) {
        uint64_t before = runstate.state_entry_time;
        struct vcpu_runstate_info seen, told;

        memset(&clock_record, 0, sizeof(clock_record));
        stay_in_user_mode();
        /* The same turn at the processor for both, else the pair says nothing. */
        do {
            seen = runstate;
            CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &told), 0);
        } while (seen.state_entry_time != runstate.state_entry_time);
        CHECK_EQ(seen.state_entry_time, told.state_entry_time);
        CHECK_EQ(seen.time[RUNSTATE_runnable], told.time[RUNSTATE_runnable]);
        if (seen.state_entry_time != before) {
            CHECK_EQ(clock_record.tsc_timestamp, vcpu_info()->time.tsc_timestamp);
            switched++;
        }
    }
    CHECK(switched > 0);
}
