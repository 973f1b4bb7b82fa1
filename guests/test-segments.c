/* Segment bases: each is set where it belongs, survives hypercalls and trips to user mode, and an
 * address that is not canonical is refused; MSR writes do the same. (The bases of
 * 32-bit segments are in descriptors: attack-descriptors, test-ring1.) */
#include "guest.h"

#define MSR_FS_BASE 0xc0000100U
#define MSR_GS_BASE 0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U

static uint64_t words[4] = {0x1111, 0x2222, 0x3333, 0x4444};
static USER_DATA uint64_t user_words[4] = {0xa, 0xb, 0xc, 0xd};

static USER void read_user(void)
{
    asm volatile("mov %gs:0, %rax; mov %fs:0, %rbx; syscall; ud2");
}

static uint64_t at_fs(void)
{
    uint64_t value;

    asm volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static uint64_t at_gs(void)
{
    uint64_t value;

    asm volatile("mov %%gs:0, %0" : "=r"(value));
    return value;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static void check_kernel(void)
{
    CHECK_EQ(set_segment_base(SEGBASE_FS, (unsigned long)&words[0]), 0);
    CHECK_EQ(set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)&words[1]), 0);
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER, USER_ADDRESS(&user_words[2])), 0);
    CHECK_EQ(at_fs(), 0x1111);
    CHECK_EQ(at_gs(), 0x2222);
    force_upcall();
    sched_op(SCHEDOP_yield, NULL);
    CHECK_EQ(CATCH(asm volatile("ud2")), TRAP_UD);
    CHECK_EQ(at_fs(), 0x1111);
    CHECK_EQ(at_gs(), 0x2222);
    CHECK_EQ(set_segment_base(SEGBASE_FS, 0x800000000000), -XEN_EINVAL);
    CHECK_EQ(set_segment_base(SEGBASE_GS_KERNEL, 0x800000000000), -XEN_EINVAL);
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER, 0x800000000000), -XEN_EINVAL);
    CHECK_EQ(set_segment_base(99, 0), -XEN_EINVAL);
    CHECK_EQ(at_fs(), 0x1111);
}

/* A selector of the LDT whose page nothing has touched since the LDT was set. */
static void check_ldt(void)
{
    static uint64_t ldt[PAGE_SIZE / sizeof(uint64_t)] __attribute__((aligned(PAGE_SIZE)));
    struct mmuext_op set = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (unsigned long)ldt};

    ldt[2] = 0x00cff3123456ffffULL; /* data of ring 3, base 0x123456 */
    page_make_readonly(ldt);
    set.arg2.nr_ents = 8;
    MUST(mmuext_op(&set, 1, NULL, DOMID_SELF));
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 2 << 3 | 7), 0);
    CHECK_EQ(rdmsr(MSR_KERNEL_GS_BASE), 0x123456);
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 9 << 3 | 7), 0);
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    set.arg2.nr_ents = 0;
    MUST(mmuext_op(&set, 1, NULL, DOMID_SELF));
    CHECK_EQ(at_gs(), 0x2222);
}

static void check_user(void)
{
    user_init();
    CHECK_EQ(set_segment_base(SEGBASE_FS, USER_ADDRESS(&user_words[3])), 0);
    CHECK_EQ(user_run(USER_ADDRESS(read_user)), ENTRY_SYSCALL);
    CHECK_EQ(last_trap.rax, 0xc);
    CHECK_EQ(last_trap.rbx, 0xd);
    CHECK_EQ(at_gs(), 0x2222);
    CHECK_EQ(user_run(USER_ADDRESS(read_user)), ENTRY_SYSCALL);
    CHECK_EQ(last_trap.rax, 0xc);
    CHECK_EQ(at_gs(), 0x2222);
    /* A selector that does not load becomes the null selector. */
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 0x1233), 0);
    CHECK_EQ(at_gs(), 0x2222);
    CHECK_EQ(set_segment_base(SEGBASE_GS_USER_SEL, 0), 0);
    CHECK_EQ(at_gs(), 0x2222);
}

static void check_msrs(void)
{
    CHECK_EQ(CATCH(wrmsr(MSR_FS_BASE, (uint64_t)&words[2])), NO_TRAP);
    CHECK_EQ(at_fs(), 0x3333);
    CHECK_EQ(rdmsr(MSR_FS_BASE), &words[2]);
    CHECK_EQ(CATCH(wrmsr(MSR_GS_BASE, (uint64_t)&words[3])), NO_TRAP);
    CHECK_EQ(at_gs(), 0x4444);
    CHECK_EQ(rdmsr(MSR_GS_BASE), &words[3]);
    CHECK_EQ(CATCH(wrmsr(MSR_KERNEL_GS_BASE, USER_ADDRESS(&user_words[1]))), NO_TRAP);
    CHECK_EQ(rdmsr(MSR_KERNEL_GS_BASE), USER_ADDRESS(&user_words[1]));
    CHECK_EQ(user_run(USER_ADDRESS(read_user)) == ENTRY_SYSCALL || last_trap.entry == TRAP_PF, 1);
    CHECK_EQ(CATCH(wrmsr(MSR_FS_BASE, 0x800000000000)), TRAP_GP);
    CHECK_EQ(CATCH(wrmsr(MSR_GS_BASE, 0x800000000000)), TRAP_GP);
    CHECK_EQ(CATCH(wrmsr(MSR_KERNEL_GS_BASE, 0x800000000000)), TRAP_GP);
    CHECK_EQ(at_fs(), 0x3333);
    CHECK_EQ(at_gs(), 0x4444);
}

void test(void)
{
    check_kernel();
    check_user();
    check_ldt();
    check_msrs();
}
