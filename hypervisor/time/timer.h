/*
 * Software timers: one heap per CPU over the local APIC timer. A timer fires once, in WORK_TIMER
 * context on its CPU, with interrupts on and no lock held.
 */
#ifndef TIME_TIMER_H
#define TIME_TIMER_H

#include "lib/heap.h"
#include "lib/types.h"

/* What a timer does when it fires; timer_fire() in time/timer.c switches on it. */
enum timer_kind {
    TIMER_VCPU_SINGLESHOT, /* struct vcpu.time */
    TIMER_VCPU_PERIODIC,
    TIMER_VCPU_ALARM,      /* in virtual time: armed while the vCPU runs */
    TIMER_VCPU_POLL,       /* struct vcpu.sched: SCHEDOP_poll's time-out */
    TIMER_SLICE,           /* end of the running vCPU's allowance on this CPU */
    TIMER_DOMAIN_WATCHDOG, /* struct domain.time */
    TIMER_DOMAIN_CAP,      /* struct domain.sched: the end of a period */
    TIMER_CONSOLE_POLL,    /* serial port without an interrupt */
};

struct timer {
    enum timer_kind kind;
    void *owner; /* struct vcpu, struct domain, or NULL, by kind */
    unsigned cpu;
    bool dead;             /* by timer_kill(): cannot be armed any more */
    struct heap_node node; /* in the CPU's heap, keyed by expiry, while armed */
};

/* Makes a timer that is not armed; it fires on `cpu`. */
void timer_init(struct timer *t, enum timer_kind kind, void *owner, unsigned cpu);
/* (Re)arms `t` for real time `at`; a time that has passed fires as soon as possible. Any CPU. */
void timer_set(struct timer *t, nsec_t at);
/* Disarms; afterwards it may still be firing on its CPU: owners check their own state. */
void timer_stop(struct timer *t);
/* Disarms for good and waits until it does not fire any more: its memory may go. The caller holds
 * no lock that a timer's owner takes when it fires. */
void timer_kill(struct timer *t);
/* Moves an armed or idle timer to another CPU's heap. */
void timer_migrate(struct timer *t, unsigned cpu);
bool timer_armed(const struct timer *t);

/* Real time: nanoseconds since boot, monotonic over all CPUs. */
nsec_t now(void);

/* Makes this CPU's heap. Each CPU, before its first timer. */
void timer_init_cpu(void);
/* WORK_TIMER's body. */
void timer_run_expired(void);
/* The local APIC timer's interrupt. */
void timer_interrupt(void);
/* Debug key: interrupts so far and the next expiry of each CPU. */
void timer_dump(void);

#endif
