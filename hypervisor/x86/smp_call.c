/*
 * Calls to other processors, one at a time in the whole machine. The caller of one holds the lock
 * and waits until the last addressee has cleared its bit; whoever waits for the lock meanwhile
 * answers what is asked of itself, so two processors that call each other do not wait for ever.
 */
#include "control/trace.h"
#include "domain/domain.h"
#include "lib/spinlock.h"
#include "memory/hypmap.h"
#include "memory/tlb.h"
#include "time/time.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/irq.h"
#include "x86/smp.h"

#define STOP_SPINS 10000000

static struct {
    spinlock_t lock;
    enum remote_call call;
    uint64_t arg;
    cpumask_t waiting; /* addressees that have not done it yet */
} remote = {.lock = SPINLOCK_INIT(LOCK_SMP)};

static bool stopping;

static void stop_here(void) __attribute__((noreturn));

static void stop_here(void)
{
    irq_disable();
    bit_test_and_clear(cpus_online.bits, this_cpu());
    for (;;)
        asm volatile("hlt");
}

static void reload_root(void)
{
    unsigned long flags = irq_save();

    if (current != NULL) {
        current->memory.root_changed = true;
        root_load_current();
    }
    irq_restore(flags);
}

static void perform(enum remote_call call, uint64_t arg)
{
    switch (call) {
    case REMOTE_FLUSH:
        tlb_flush_local();
        break;
    case REMOTE_FLUSH_PAGE:
        tlb_flush_page_local(arg);
        break;
    case REMOTE_CACHE_FLUSH:
        wbinvd();
        break;
    case REMOTE_ROOT_CHANGED:
        reload_root();
        break;
    case REMOTE_TRACE:
        trace_take_ring();
        break;
    case REMOTE_TELL_TIME:
        time_tell((nsec_t *)arg);
        break;
    case REMOTE_STOP:
        stop_here();
    }
}

/* An interrupt may arrive after the call was answered by somebody who waited: then nothing is asked
 * any more. */
void smp_call_interrupt(void)
{
    unsigned cpu = this_cpu();

    if (READ_ONCE(stopping))
        stop_here();
    if (!bit_test(remote.waiting.bits, cpu))
        return;
    perform(remote.call, remote.arg);
    bit_test_and_clear(remote.waiting.bits, cpu);
}

/* Interrupts are off from before the bit is looked at until the answer, so that none is done twice.
 */
static void answer_own(void)
{
    unsigned long flags = irq_save();

    smp_call_interrupt();
    irq_restore(flags);
    cpu_relax();
}

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
    cpumask_t others = *cpus;

    for (unsigned i = 0; i < ARRAY_SIZE(others.bits); i++)
        others.bits[i] &= cpus_online.bits[i];
    bit_clear(others.bits, this_cpu());
    if (cpumask_empty(&others))
        return;

    while (!spin_trylock(&remote.lock))
        answer_own();
    remote.call = call;
    remote.arg = arg;
    for (unsigned i = 0; i < ARRAY_SIZE(others.bits); i++)
        __atomic_store_n(&remote.waiting.bits[i], others.bits[i], __ATOMIC_RELEASE);
    lapic_send_ipi_mask(&others, VEC_IPI_CALL);
    while (!cpumask_empty(&remote.waiting))
        cpu_relax();
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    spin_unlock(&remote.lock);
}

bool smp_stopping(void)
{
    return READ_ONCE(stopping);
}

void smp_stop_others(void)
{
    cpumask_t others = cpus_online;
    unsigned cpu;

    bit_clear(others.bits, this_cpu());
    WRITE_ONCE(stopping, true);
    if (cpumask_empty(&others))
        return;
    lapic_send_ipi_mask(&others, VEC_IPI_CALL);
    for (unsigned i = 0; i < STOP_SPINS; i++) {
        cpumask_t left = cpus_online;
        bit_clear(left.bits, this_cpu());
        if (cpumask_empty(&left))
            return;
        cpu_relax();
    }
    /* Whoever is left runs with interrupts off. */
    others = cpus_online;
    bit_clear(others.bits, this_cpu());
    for_each_cpu (cpu, &others)
        lapic_send_nmi(cpu);
}
