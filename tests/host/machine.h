/*
 * A machine for host tests of memory/: some hundred frames in an array, domains and vCPUs without
 * anything but their memory, two CPUs whose TLBs are modelled, and calls that the test sees.
 */
#ifndef TESTS_HOST_MACHINE_H
#define TESTS_HOST_MACHINE_H

#include "domain/domain.h"
#include "lib/types.h"

#define MACHINE_FRAMES 512u
#define MACHINE_CPUS 2u
#define FIRST_DOMAIN_FRAME 64u /* frames below stay Ringfort's */
#define DEVICE_FRAME 0x100000u /* a frame outside RAM that domain 0 may map */
#define READ_ONLY_DEVICE_FRAME 0x100001u

/* What stands for Ringfort's entries in the hole of a 32-bit guest. */
#define COMPAT_HOLE_ENTRY(i) (UINT64_C(0x80000000000000e5) + ((uint64_t)(i) << 21))

/* A fresh machine, nothing allocated; domain 0 and 1, one vCPU each, alive and without memory. */
void machine_reset(void);
struct domain *machine_domain(unsigned id);
/* Makes the vCPU of a domain current, on the CPU of the same number. */
void machine_run(unsigned id);

/* Preemption: preempt_needed() answers true after `calls` more calls, once; 0: never. */
void machine_preempt_after(unsigned calls);
/* With true, preempt_needed() answers true each time. */
void machine_preempt_always(bool on);

/* What hypercall_restart() was last told; false when it was not called since. */
struct restart {
    bool called;
    unsigned op, nargs;
    uint64_t args[6];
};
extern struct restart last_restart;

/* An allocated frame of the domain, zeroed. */
mfn_t machine_frame(struct domain *d);

/* Called once, when the `n`th page from now on is about to be zeroed for its new owner: what
 * another CPU does at that moment. NULL: nothing. */
void machine_at_clear(unsigned n, void (*call)(void));

/* What holds references besides page tables and vCPUs: called when the oracle comes to grants, it
 * reports by oracle_found(). NULL: nothing does. */
extern void (*machine_holders)(void);

/* TLB model. A CPU is taken to have cached every writable leaf and every table reachable from the
 * roots of the vCPU it runs; a flush empties that. machine_tlb_fill() after each step caches anew;
 * machine_tlb_check() stops the test when a table could be reached through a stale writable entry
 * or a data frame through a stale table pointer. */
void machine_tlb_fill(void);
void machine_tlb_check(void);
extern unsigned machine_root_loads;
/* What guests' addresses and selectors are: the page that copies fail at (NULL: none), and whether
 * code segments are flat. */
extern const void *machine_unreadable;
extern bool machine_flat_code;
extern unsigned machine_flushes, machine_page_flushes, machine_cache_flushes, machine_page_faults;

#endif
