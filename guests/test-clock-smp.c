/* Two vCPUs that are moved about between the processors read the same clock: in whatever order they
 * do, time never goes back, nor does it between the moments one of them was moved. */
#include "guest.h"

#define MOVES 300
#define READINGS 200

static volatile uint64_t latest;
static volatile unsigned lock, backward;
static volatile bool stop, stopped;
static unsigned cpus;

/* The lock orders the two vCPUs' readings. */
static void read_clock(void)
{
    uint64_t t;

    while (__sync_lock_test_and_set(&lock, 1))
        asm volatile("pause" : : : "memory");
    asm volatile("lfence" : : : "memory");
    t = now();
    backward += t < latest;
    latest = t;
    __sync_lock_release(&lock);
}

static void pin(unsigned vcpu, unsigned cpu)
{
    uint64_t mask = 1UL << cpu;
    struct xen_domctl op = {
        .u.vcpuaffinity = {.vcpu = vcpu, .flags = XEN_VCPUAFFINITY_HARD},
    };

    set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, (uint8_t *)&mask);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 0), 0);
}

static void second(unsigned vcpu)
{
    while (!stop)
        read_clock();
    stopped = vcpu == 1;
}

void test(void)
{
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_physinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
    };
    uint64_t begin;

    MUST(hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op));
    cpus = op.u.physinfo.nr_cpus;
    begin = now();
    MUST(vcpu_launch(1, second));
    for (unsigned i = 0; i < MOVES; i++) {
        pin(1, i % cpus);
        pin(0, (i / 2 + i % 3) % cpus);
        for (unsigned n = 0; n < READINGS; n++)
            read_clock();
    }
    stop = true;
    CHECK(WAIT_FOR(stopped, 20 * SECOND));
    CHECK_EQ(backward, 0);
    CHECK(latest > begin);
}
