/* sources: tests/host/panic.c hypervisor/memory/tlb.c */
/* What of the flushes runs in a process: the choice of instruction, and the flush clock's use. */
#include "check.h"
#include "domain/domain.h"
#include "memory/hypmap.h"
#include "memory/tlb.h"
#include "x86/current.h"
#include "x86/smp.h"

enum root_mode root_mode;
cpumask_t cpus_online = {{3}};
unsigned host_cpu;
static unsigned calls;
static struct domain domain;
static struct vcpu vcpu = {.domain = &domain};
struct vcpu *host_current = &vcpu;

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
    calls++;
}

/* INVPCID refuses such addresses with a fault, which here would end the test. */
static void guest_addresses(void)
{
    static const uint64_t bad[] = {UINT64_C(1) << 47, UINT64_C(0x8000000000000000),
                                   UINT64_C(0xfffe800000000000), UINT64_C(0xffff7fffffffffff)};

    for (unsigned mode = ROOT_GLOBAL; mode <= ROOT_ISOLATED; mode++) {
        root_mode = mode;
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
            tlb_flush_page_local(bad[i]);
            CHECK(true);
        }
    }
}

static void clock_and_stamps(void)
{
    cpumask_t out;

    CHECK(tlb_clock() != 0);
    tlb_flush_needed(&cpus_online, 0, &out);
    CHECK(cpumask_empty(&out));
    tlb_flush_needed(&cpus_online, tlb_clock(), &out);
    CHECK_EQ(out.bits[0], 3);
    /* From before the clock's low half began anew: flushed to be sure. */
    tlb_flush_needed(&cpus_online, 0xfffffff0, &out);
    CHECK_EQ(out.bits[0], 3);
}

static void others_are_called(void)
{
    cpumask_t other = {{2}};

    tlb_flush_mask(&other);
    tlb_flush_page_mask(&other, 0x1000);
    CHECK_EQ(calls, 2);
}

int main(void)
{
    guest_addresses();
    clock_and_stamps();
    others_are_called();
    return check_report();
}
