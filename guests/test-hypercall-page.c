/* The hypercall page named by the image's note holds a stub of 32 bytes for each number; calling
 * one is the same as the instruction, and all other registers survive. */
#include "guest.h"

extern char hypercall_page[];

static long call(unsigned op, unsigned long a, unsigned long b)
{
    return hypercall_stub(hypercall_page + 32 * op, a, b);
}

void test(void)
{
    CHECK_EQ(call(__HYPERVISOR_xen_version, XENVER_version, 0), xen_version(XENVER_version, NULL));
    CHECK_EQ(call(__HYPERVISOR_xen_version, 1000, 0), -XEN_ENOSYS);
    CHECK_EQ(call(__HYPERVISOR_sched_op, SCHEDOP_yield, 0), 0);
    CHECK_EQ(call(63, 0, 0), -XEN_ENOSYS);
}
