#include "lib/bitmap.h"
#include "schedule/work.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"

static struct {
    uint64_t bits;
} CACHE_ALIGNED pending[MAX_CPUS];

void work_raise(unsigned cpu, enum cpu_work work)
{
    bool was_pending = bit_test_and_set(&pending[cpu].bits, work);

    if (!was_pending && cpu != this_cpu())
        lapic_send_ipi(cpu, VEC_IPI_WORK);
}

bool work_pending(void)
{
    return READ_ONCE(pending[this_cpu()].bits) != 0;
}

bool work_take(unsigned cpu, enum cpu_work work)
{
    return (READ_ONCE(pending[cpu].bits) >> work & 1) &&
           bit_test_and_clear(&pending[cpu].bits, work);
}
