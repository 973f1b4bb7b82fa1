/* The hypercall page named by the image's note holds a stub of 32 bytes for each number; calling
 * one is the same as the SYSCALL instruction, and RCX and R11 survive. */
#include "guest.h"

extern char hypercall_page[];

static long call(unsigned op, unsigned long a, unsigned long b)
{
    long result;
    unsigned long rcx = 0x1122334455667788, r11 = 0x99aabbccddeeff00;
    register unsigned long r11_ asm("r11") = r11;

    asm volatile("call *%5"
                 : "=a"(result), "+c"(rcx), "+r"(r11_), "+D"(a), "+S"(b)
                 : "r"(hypercall_page + 32 * op)
                 : "rdx", "r10", "r8", "memory");
    CHECK_EQ(rcx, 0x1122334455667788);
    CHECK_EQ(r11_, 0x99aabbccddeeff00);
    return result;
}

void test(void)
{
    CHECK_EQ(call(__HYPERVISOR_xen_version, XENVER_version, 0), xen_version(XENVER_version, NULL));
    CHECK_EQ(call(__HYPERVISOR_xen_version, 1000, 0), -XEN_ENOSYS);
    CHECK_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0), 0);
    CHECK_EQ(call(63, 0, 0), -XEN_ENOSYS);
}
