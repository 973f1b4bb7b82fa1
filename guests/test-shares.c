/* Domains that compute for ever, by their weights and caps, as their command lines and then the
 * control calls have them: Domain0 sleeps, and reads what processor time each got. (At one width:
 * what runs makes no difference to the scheduler, and this takes half a minute.) */
#include "guest.h"

#define BUSY 3
#define TIME (5 * SECOND)
#define TRIES 4

static uint64_t cpu_time(domid_t domain)
{
    struct xen_domctl op;

    CHECK_EQ(domctl(&op, XEN_DOMCTL_getdomaininfo, domain), 0);
    return op.u.getdomaininfo.cpu_time;
}

static void set(domid_t domain, unsigned weight, unsigned cap)
{
    struct xen_domctl op = {0};

    op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
    op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op.u.scheduler_op.u.credit2.weight = (uint16_t)weight;
    op.u.scheduler_op.u.credit2.cap = (uint16_t)cap;
    CHECK_EQ(domctl(&op, XEN_DOMCTL_scheduler_op, domain), 0);
}

/* Per mille of a processor that each gets; 20 more or less is taken for right. */
static bool measure(const unsigned *ideal)
{
    uint64_t before[BUSY], begin;
    bool right = true;

    sleep_for(SECOND / 2);
    begin = now();
    for (unsigned i = 0; i < BUSY; i++)
        before[i] = cpu_time(1 + i);
    sleep_for(TIME);
    for (unsigned i = 0; i < BUSY; i++) {
        uint64_t got = (cpu_time(1 + i) - before[i]) * 1000 / (now() - begin);

        print("domain %u: %lu per mille, ideally %u\n", 1 + i, got, ideal[i]);
        right &= got + 20 >= ideal[i] && got <= ideal[i] + 20;
    }
    return right;
}

/* Where the emulator's host is busy, one of two processors may stand still for a good part of a
 * second, and whoever was on it has got that time. Shares that are wrong stay wrong. */
static void expect(const unsigned *ideal)
{
    bool right = false;

    for (unsigned i = 0; i < TRIES && !right; i++)
        right = measure(ideal);
    CHECK(right);
}

static unsigned processors(void)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo,
                            .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

    MUST(hypercall1(__HYPERVISOR_sysctl, (unsigned long)&op));
    return op.u.physinfo.nr_cpus;
}

void test(void)
{
    bool one = (start_info->flags & SIF_INITDOMAIN) && processors() == 1;

    if (!(start_info->flags & SIF_INITDOMAIN))
        for (;;)
            asm volatile("pause" : : : "memory");
    /* Weights 1:2:4. With two processors the third has all it can use of its weight. */
    expect(one ? (unsigned[]){143, 286, 571} : (unsigned[]){333, 667, 1000});
    /* A cap, and who gets the rest. */
    set(3, 1024, 30);
    expect(one ? (unsigned[]){233, 467, 300} : (unsigned[]){700, 1000, 300});
    /* Equal weights: nobody has a processor for itself. */
    set(1, 512, 0);
    set(3, 512, 0);
    expect(one ? (unsigned[]){333, 333, 333} : (unsigned[]){667, 667, 667});
}
