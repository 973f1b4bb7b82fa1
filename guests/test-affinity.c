/* Two vCPUs send each other and themselves from processor to processor, all the time: each goes
 * where it is told, running or not, and neither waits for the other for ever. */
#include "guest.h"

#define CPUS 3
#define MOVES 150

static long pin(unsigned vcpu, uint64_t cpus)
{
    struct xen_domctl op = {0};

    op.u.vcpuaffinity.vcpu = vcpu;
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&cpus);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    return domctl(&op, XEN_DOMCTL_setvcpuaffinity, 0);
}

static unsigned cpu_of(unsigned vcpu)
{
    struct xen_domctl op = {0};

    op.u.getvcpuinfo.vcpu = vcpu;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_getvcpuinfo, 0), 0);
    return op.u.getvcpuinfo.cpu;
}

static void move_about(unsigned self)
{
    bool in_order = true;

    for (unsigned i = 0; i < MOVES; i++) {
        if (pin(!self, 1ULL << (i % CPUS)) || pin(self, 1ULL << ((i + self) % CPUS)))
            in_order = false;
        spin_for(MILLISECOND / 4);
    }
    CHECK(in_order);
}

void test(void)
{
    both_run(move_about);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        CHECK_EQ(pin(0, 1ULL << cpu), 0);
        CHECK_EQ(cpu_of(0), cpu);
        CHECK_EQ(pin(1, 1ULL << cpu), 0);
        /* It gets there however busy the processor is that it leaves or comes to. */
        CHECK(WAIT_FOR(cpu_of(1) == cpu, SECOND));
    }
    CHECK_EQ(pin(0, 0), -XEN_EINVAL);
    CHECK_EQ(pin(0, 1ULL << 63), -XEN_EINVAL);
    CHECK_EQ(pin(0, ~0ULL), 0);
    CHECK_EQ(pin(1, ~0ULL), 0);
    both_end();
    CHECK(WAIT_FOR(vcpu_is_up(1) == 0, 2 * SECOND));
}
