#include "lib/bitmap.h"
#include "schedule/work.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"

struct work_word work_words[MAX_CPUS];

void work_raise(unsigned cpu, enum cpu_work work)
{
    bool was_pending = bit_test_and_set(&work_words[cpu].bits, work);

    if (!was_pending && cpu != this_cpu())
        lapic_send_ipi(cpu, VEC_IPI_WORK);
}

bool work_pending(void)
{
    return work_pending_here();
}

bool work_take(unsigned cpu, enum cpu_work work)
{
    return (READ_ONCE(work_words[cpu].bits) >> work & 1) &&
           bit_test_and_clear(&work_words[cpu].bits, work);
}
