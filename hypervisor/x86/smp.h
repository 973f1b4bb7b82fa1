/* The other processors. */
#ifndef X86_SMP_H
#define X86_SMP_H

#include "lib/bitmap.h"
#include "lib/types.h"

extern unsigned cpu_count; /* CPUs 0..cpu_count-1 run */
extern cpumask_t cpus_online;
/* Local APIC id of a CPU. */
extern uint32_t cpu_apic_id[MAX_CPUS];
extern uint32_t cpu_acpi_id[MAX_CPUS];

/* Starts the others (up to `max`); returns how many run in all. */
unsigned smp_start(unsigned max);

enum remote_call {
    REMOTE_FLUSH,        /* tlb_flush_local() */
    REMOTE_FLUSH_PAGE,   /* tlb_flush_page_local(arg) */
    REMOTE_CACHE_FLUSH,  /* wbinvd */
    REMOTE_ROOT_CHANGED, /* current's root must be loaded anew */
    REMOTE_TRACE,        /* trace_take_ring() */
    REMOTE_TELL_TIME,    /* time_tell(arg) */
    REMOTE_STOP,         /* halt for good (panic, reset) */
};

/* Runs the call on every CPU of the set but this one; returns when all have done it. Interrupts
 * must be on, or the caller must hold no lock that another CPU might spin on with them off. */
void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg);
/* VEC_IPI_CALL's handler. */
void smp_call_interrupt(void);
/* Stops all others without waiting for locks (panic): by interrupt, then by NMI. */
void smp_stop_others(void);
/* True once that has begun: an NMI then means to halt for good. */
bool smp_stopping(void);

#endif
