/* sources: */
/* property: a CPU that has not flushed since a frame was stamped is always named, although a stamp
 * keeps 32 bits of the clock only; for every age of the stamp and every CPU's last flush (2 CPUs). */
/* The clock and each CPU's last flush are that file's own variables. */
#include "../../hypervisor/memory/tlb.c"
#include "proof.h"

enum root_mode root_mode;
cpumask_t cpus_online = {{3}};
unsigned host_cpu;
struct vcpu *host_current;

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
}

int main(void)
{
    uint64_t stamped = any_u64(), now = any_u64(), last = any_u64();
    unsigned cpu = any_bool();
    uint32_t stamp;
    cpumask_t out;

    ASSUME(stamped % CLOCK_STEP == 1 && now % CLOCK_STEP == 1);
    ASSUME(stamped <= now && last <= now);
    flush_clock = stamped;
    stamp = tlb_clock();
    PROVE(stamp != 0, "0 means that there is no stamp");
    flush_clock = now;
    flushed[cpu].at = last;
    tlb_flush_needed(&cpus_online, stamp, &out);
    if (last <= stamped)
        PROVE(bit_test(out.bits, cpu), "who has not flushed since is named");
}
