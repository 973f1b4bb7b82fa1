/*
 * Domains and vCPUs: the structures that every subsystem hangs its own part on, and their life.
 *
 * Lifetime: a domain is found by domain_get() with a reference and given back by domain_put(). It
 * starts paused; domain_kill() makes it dying, gives back what it holds piece by piece, and the
 * last reference frees the structure. A vCPU lives as long as its domain.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include "lib/abi.h"
#include <xen/vcpu.h>

#include "event/event.h"
#include "lib/bitmap.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/types.h"
#include "schedule/sched_vcpu.h"
#include "time/vcpu_time.h"
#include "x86/vcpu_arch.h"

struct dirty_log;
struct frame;
struct grant_table;
struct cpu_policy;

/* One guest processor. Fields are the owner subsystem's to change. */
struct vcpu {
    struct domain *domain;
    unsigned id;
    struct vcpu_arch arch;     /* registers, tables, traps: x86/ */
    struct vcpu_memory memory; /* base pointers, dying table: memory/ */
    struct vcpu_event event;   /* vcpu_info, VIRQs, polling: event/ */
    struct vcpu_time time;     /* runstate, timers: time/ */
    struct sched_vcpu sched;   /* run queue, BVT state, pause count, affinity: schedule/ */
    bool initialised;          /* has a register context (VCPUOP_initialise or builder) */
    bool is_idle;
};

enum domain_state { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

struct domain {
    domid_t id;
    uint64_t serial;    /* unlike the id never another's, before or after; 0: no domain's */
    bool is_privileged; /* Domain0: control interface, foreign mappings */
    bool is_hardware;   /* Domain0: ports, MMIO, physical interrupts */
    bool is_compat;     /* 32-bit PAE guest */
    bool is_idle;
    enum domain_state state;
    unsigned refs;             /* atomic: references from domain_get and from owned frames */
    struct list all;           /* link in the domain list, by id; LOCK_DOMCTL */
    struct domain *next_alike; /* link among domains whose ids are alike; LOCK_DOMAIN_TABLE */
    spinlock_t lock;           /* LOCK_DOMAIN */

    unsigned max_vcpus;
    struct vcpu **vcpus; /* max_vcpus entries, NULL until created */

    /* Memory (memory/). */
    spinlock_t paging_lock;   /* LOCK_PAGING: all page-table changes; foreign callers too */
    spinlock_t pages_lock;    /* LOCK_DOMAIN_PAGES: list and counts below */
    struct list pages;        /* every frame allocated to the domain */
    struct list shared_pages; /* Ringfort's own frames shared with it */
    uint64_t tot_pages, max_pages;
    uint64_t kept_pages;        /* room below max_pages for frames that are being exchanged */
    uint64_t outstanding_claim; /* frames set aside for it; LOCK_FRAMES */
    unsigned address_bits;      /* frames must lie below 1 << address_bits; 64: no limit */
    uint64_t compat_hole_start; /* first reserved VA of a 32-bit guest */
    uint64_t vm_assist;
    struct list teardown;  /* frames found by domain_kill's walk, see memory/teardown */
    spinlock_t log_lock;   /* LOCK_DIRTY_LOG */
    struct dirty_log *log; /* what the tools have read of a running domain; NULL: off */

    struct shared_info *shared_info; /* page allocated by Ringfort, shared writable */
    mfn_t shared_info_mfn;

    struct domain_event event;  /* event/ */
    struct grant_table *grants; /* grant/ */
    struct domain_time time;    /* time/ */
    struct sched_domain sched;  /* schedule/ */
    struct cpu_policy *policy;  /* x86/cpuid */
    struct domain_irq *irqs;    /* pirq to event channel: x86/irq; NULL when it owns none */
    struct domain_ports *ports; /* x86/ports: I/O port, MMIO and IRQ permissions; NULL: none */

    bool is_shut_down; /* all vCPUs stopped with shutdown_code */
    bool is_shutting_down;
    int shutdown_code;          /* SHUTDOWN_* or -1 */
    unsigned controller_pauses; /* pausedomain count */
    unsigned pauses;            /* of all its vCPUs at once; later ones start with them */
    unsigned kill_stage;        /* how far domain_kill() has come; domctl lock */
    unsigned kill_vcpu;         /* and in the stage that goes over the vCPUs */
    struct domain *next_dead;   /* link among domains without references, see domain_reap() */
    uint8_t handle[16];
    struct e820entry *e820; /* set_memory_map's answer */
    unsigned e820_entries;
};

#define for_each_vcpu(d, v)                                                                        \
    for (unsigned v##_i = 0; v##_i < (d)->max_vcpus; v##_i++)                                      \
        if (((v) = (d)->vcpus[v##_i]) != NULL)

/* All domains one after the other, each with a reference that the loop gives back: a body that
 * leaves the loop must. Domains that come or go meanwhile may be missed. */
#define for_each_domain(d)                                                                         \
    for (unsigned d##_id = 0; ((d) = domain_at_or_after(d##_id)) != NULL;                          \
         d##_id = (d)->id + 1u, domain_put(d))

extern struct list domain_list; /* struct domain.all, ascending ids; LOCK_DOMCTL */
extern spinlock_t domain_list_lock;
extern struct domain *domain0; /* NULL until built */
/* Pseudo-owners: frames of no real domain. DOMID_IO: device memory; DOMID_XEN: Ringfort's. */
extern struct domain *dom_io, *dom_xen, *dom_idle;

/* Creates the idle and pseudo-domains and the boot CPU's idle vCPU, which becomes `current`; called
 * once at boot after the allocator. */
void domain_init(void);

/* The idle vCPU of a CPU, made when it is asked for first (boot, before that CPU runs C code that
 * uses `current`). NULL without memory. */
struct vcpu *domain_idle_vcpu(unsigned cpu);

/* Domain `id` with a reference, or NULL. DOMID_SELF is the caller's. Any context but NMI. */
struct domain *domain_get(domid_t id);
/* As domain_get, but also DOMID_IO and DOMID_XEN, and only what `current` may touch: itself, or any
 * when privileged. */
struct domain *domain_get_foreign(domid_t id);
/* The domain with a guest's ports or grants that an operation names: the caller's own, or with
 * privilege any. With a reference; NULL and *rc (-ESRCH, -EPERM) otherwise. */
struct domain *domain_get_subject(domid_t id, int *rc);
/* The domain with the lowest id from `from` on, with a reference; NULL when there is none. Takes
 * LOCK_DOMCTL. */
struct domain *domain_at_or_after(unsigned from);
/* Another reference to a domain the caller knows to be alive. */
void domain_ref(struct domain *d);
/* Gives a reference back. The last one only marks the domain for domain_reap(): safe under locks.
 */
void domain_put(struct domain *d);

/* WORK_REAP: frees the structures of domains whose last reference went. Takes LOCK_DOMCTL, which is
 * what makes a walk over domain_list safe. */
void domain_reap(void);

struct domain_config {
    unsigned max_vcpus, max_grant_frames, max_maptrack_frames, max_event_port;
    bool is_privileged, is_hardware;
    uint8_t handle[16];
};

/* Makes a paused domain without memory or vCPUs. Returns 0 or -EEXIST, -ENOMEM, -EINVAL. The caller
 * holds LOCK_DOMCTL. */
int domain_create(domid_t id, const struct domain_config *config, struct domain **out);

/* Makes a domain that has neither memory nor vCPUs with registers nor more ports than a 32-bit one
 * can have one, whose hole begins at `hole_start` (a multiple of 2 MiB). Returns 0 or -EACCES. */
int domain_make_compat(struct domain *d, uint64_t hole_start);

/* Makes vCPU `id` of `d`, offline. Returns NULL without memory. LOCK_DOMCTL or boot. */
struct vcpu *vcpu_create(struct domain *d, unsigned id);

/* Ends a domain piece by piece: 0 when all is given back, now or before, -ERESTART to be called
 * again. One caller at a time. */
int domain_kill(struct domain *d);

/* Stops every vCPU of `d` with a SHUTDOWN_* code and raises VIRQ_DOM_EXC in Domain0; for Domain0 it
 * halts or reboots the machine as the code says. */
void domain_shutdown(struct domain *d, int code);

/* domain_shutdown(SHUTDOWN_crash) with a message and the vCPU's registers. */
void domain_crash(struct domain *d, const char *why, ...) __attribute__((format(printf, 2, 3)));

/* Lets a domain that is shut down run again (resume after suspend). 0 or -EINVAL. */
int domain_resume(struct domain *d);

/* Prints all domains and their vCPUs (debug key 'q'). */
void domain_dump(void);

/* Stops/continues all vCPUs; counted. domain_pause waits until none is running. */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/* vCPU `id` of the domain, or NULL for any number that names none. */
static inline struct vcpu *domain_vcpu(const struct domain *d, unsigned id)
{
    return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

#endif
