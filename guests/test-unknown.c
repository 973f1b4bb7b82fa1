/* Hypercall numbers that nobody listens to, and those kept for other uses, give -ENOSYS; so do
 * unknown subcommands where the ABI says so. Nothing else happens. */
#include "guest.h"

void test(void)
{
    static const unsigned unused[] = {11, 43,  44,  45,  46,  47,  56,   60,         63,        64,
                                      65, 100, 127, 128, 255, 256, 1000, 0x7fffffff, 0xffffffff};
    /* Listed by the ABI, and of no use to Ringfort's guests. */
    static const unsigned refused[] = {
        __HYPERVISOR_xenoprof_op,
        __HYPERVISOR_tmem_op,
    };

    for (unsigned i = 0; i < sizeof(unused) / sizeof(*unused); i++)
        CHECK_EQ(hypercall0(unused[i]), -XEN_ENOSYS);
    for (unsigned i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        CHECK_EQ(hypercall0(refused[i]), -XEN_ENOSYS);

    CHECK_EQ(sched_op(99, NULL), -XEN_ENOSYS);
    CHECK_EQ(vcpu_op(99, 0, NULL), -XEN_ENOSYS);
    CHECK_EQ(event_channel_op(99, NULL), -XEN_ENOSYS);
    CHECK_EQ(memory_op(63, NULL), -XEN_ENOSYS);
    CHECK_EQ(xen_version(99, NULL), -XEN_ENOSYS);
    CHECK_EQ(console_io(99, 0, NULL), -XEN_ENOSYS);
    CHECK_EQ(callback_op(99, NULL), -XEN_ENOSYS);
    CHECK_EQ(physdev_op(99, NULL), -XEN_ENOSYS);
}
