/* SPDX-License-Identifier: MIT */
/*
 * Ringfort's own hypercall, beside those of the ABI it shares with Xen: scheduling by Borrowed
 * Virtual Time, the trace, and alarms in virtual time. For tools and guests; C99, no other header
 * of Ringfort's.
 *
 *     long ringfort_op(unsigned op, void *argument)       hypercall number RINGFORT_HYPERCALL
 *
 * Results are 0 or a negative error number. Each structure begins with the version of this
 * interface; another one is refused with -EACCES. Layouts are the same for 32-bit callers,
 * addresses have 64 bits. Unless an operation says otherwise it is Domain0's alone: -EPERM for
 * others.
 */
#ifndef INTERFACE_RINGFORT_H
#define INTERFACE_RINGFORT_H

#include <stdint.h>

#define RINGFORT_HYPERCALL 55 /* __HYPERVISOR_arch_7 */
#define RINGFORT_INTERFACE_VERSION 1

/* Any domain, no argument: returns RINGFORT_INTERFACE_VERSION. */
#define RINGFORT_OP_version 0

/* struct ringfort_vcpu: the first vCPU at or after (domain, vcpu). -ESRCH: there is none. */
#define RINGFORT_OP_get_vcpu 1
/* struct ringfort_bvt: changes what `fields` names, of one domain and all its vCPUs. -ESRCH: no
 * such domain; -EINVAL: a value out of range, and nothing is changed. */
#define RINGFORT_OP_set_bvt 2
/* struct ringfort_allowance: reads the context-switch allowance, or sets it: -EINVAL out of range.
 */
#define RINGFORT_OP_allowance 3
/* struct ringfort_trace: reads or sets what is traced. -EINVAL: unknown classes, or a bad size;
 * -ENOMEM: tracing is off then. */
#define RINGFORT_OP_trace 4
/* struct ringfort_trace_read: copies records out. -EINVAL: no such CPU; -ENODATA: no buffers. */
#define RINGFORT_OP_trace_read 5
/* Any domain; struct ringfort_alarm: reads, sets or cancels the calling vCPU's alarm in virtual
 * time. -EINVAL: too far ahead. */
#define RINGFORT_OP_alarm 6

/* One vCPU. Times are nanoseconds; virtual times are ns of virtual time, wrap, and are compared by
 * their difference. */
#define RINGFORT_LATENCY_BUCKETS 128
#define RINGFORT_VCPU_WARPED 1u /* runs ahead by its warp now */
#define RINGFORT_VCPU_UP 2u     /* has been started by its domain */
struct ringfort_vcpu {
    uint32_t version;
    uint16_t domain; /* in and out */
    uint16_t vcpu;   /* in and out */
    uint32_t cpu;    /* whose queue it belongs to */
    uint32_t state;  /* RUNSTATE_*: 0 running, 1 runnable, 2 blocked, 3 offline */
    uint32_t flags;  /* RINGFORT_VCPU_* */
    uint32_t weight; /* the domain's; 256 is the unit */
    uint32_t share;  /* the part of it that is this vCPU's now */
    uint32_t cap;    /* the domain's, per cent of one CPU; 0: none */
    uint64_t warp_ns, warp_limit_ns, unwarp_ns;
    uint64_t actual, effective; /* A and E */
    uint64_t queue_time;        /* its queue's scheduler virtual time */
    uint64_t time_ns[4];        /* spent in each state */
    uint64_t dispatches;        /* times it got a CPU */
    uint64_t migrations;        /* times it changed its queue */
    /* How often it waited how long from waking to getting a CPU. Bucket b counts waits from
     * ringfort_latency_floor(b) on, below that of the next; the last one what is longer, too. */
    uint32_t latency[RINGFORT_LATENCY_BUCKETS];
};

/* Least wait of a bucket in ns: four of 16 ns each, from there on four to the power of two. */
static inline uint64_t ringfort_latency_floor(unsigned bucket)
{
    return bucket < 4 ? bucket * UINT64_C(16) : (UINT64_C(4) + bucket % 4) << (bucket / 4 + 3);
}

#define RINGFORT_BVT_WEIGHT 1u
#define RINGFORT_BVT_CAP 2u
#define RINGFORT_BVT_WARP 4u
#define RINGFORT_BVT_WARP_LIMIT 8u
#define RINGFORT_BVT_UNWARP 16u
#define RINGFORT_WEIGHT_MAX 65535u
#define RINGFORT_CAP_MAX 65535u
#define RINGFORT_WARP_MAX_NS UINT64_C(10000000000) /* of warp, its limit and the rest, each */
struct ringfort_bvt {
    uint32_t version;
    uint16_t domain;
    uint16_t pad;           /* 0 */
    uint32_t fields;        /* RINGFORT_BVT_*: what is to change */
    uint32_t weight;        /* 1..RINGFORT_WEIGHT_MAX */
    uint32_t cap;           /* per cent of one CPU, 0: none */
    uint32_t pad2;          /* 0 */
    uint64_t warp_ns;       /* W, virtual ns; 0: never warps */
    uint64_t warp_limit_ns; /* L, longest warped run; 0: no limit */
    uint64_t unwarp_ns;     /* U, rest from warping after that */
};

#define RINGFORT_ALLOWANCE_MIN_NS UINT64_C(10000)
#define RINGFORT_ALLOWANCE_MAX_NS UINT64_C(1000000000)
struct ringfort_allowance {
    uint32_t version;
    uint32_t set; /* 1: allowance_ns is what it shall be; 0: is filled in */
    uint64_t allowance_ns;
};

/* Virtual time of a vCPU is the nanoseconds that it has run, time_ns[0] above. When it reaches
 * at_ns the alarm is over and raises RINGFORT_VIRQ_ALARM on the vCPU, which binds it as it does its
 * timer's; what is reached already, at once. It does not outlive a vCPU that is saved or switched
 * off. */
#define RINGFORT_VIRQ_ALARM 23 /* VIRQ_ARCH_7 */
#define RINGFORT_ALARM_MAX_NS (UINT64_C(1) << 62)
struct ringfort_alarm {
    uint32_t version;
    uint32_t set;    /* 1: at_ns is what it shall be; 0: is filled in */
    uint64_t at_ns;  /* virtual time; 0: no alarm */
    uint64_t now_ns; /* out: the vCPU's virtual time */
};

/* Classes of events. Each CPU has a ring of records; new ones replace the oldest. */
#define RINGFORT_TRACE_SCHED 1u
#define RINGFORT_TRACE_HYPERCALL 2u
#define RINGFORT_TRACE_INTERRUPT 4u
#define RINGFORT_TRACE_DOMAIN 8u
#define RINGFORT_TRACE_ALL 15u
#define RINGFORT_TRACE_RECORDS_MIN 64u
#define RINGFORT_TRACE_RECORDS_MAX 65536u
struct ringfort_trace {
    uint32_t version;
    uint32_t set;     /* 1: classes and records are what they shall be; 0: they are filled in */
    uint32_t classes; /* RINGFORT_TRACE_*; 0: no new records, the old ones can be read */
    uint32_t records; /* of each CPU's ring, a power of two; 0: no rings, and no classes */
    uint32_t cpus;    /* out: CPUs 0..cpus-1 have rings */
    uint32_t pad;
    uint64_t now_ns; /* out: the trace's clock, ns since boot */
};

/* Events, and what their arguments are. The number's upper byte is the class's bit. Domain and vCPU
 * are those that the event is about; for interrupts and domain events, those that ran. */
enum ringfort_event {
    RINGFORT_EVENT_WAKE = 0x001,     /* CPU of its queue; waker as domain << 16 | vCPU */
    RINGFORT_EVENT_DISPATCH = 0x002, /* got the CPU: ns since it became runnable; E */
    RINGFORT_EVENT_PREEMPT = 0x003, /* lost the CPU, still runnable: ns it ran; who comes instead */
    RINGFORT_EVENT_BLOCK = 0x004,   /* left the CPU, waits for an event: as above */
    RINGFORT_EVENT_STOP = 0x005,    /* left the CPU, paused or down: as above */
    RINGFORT_EVENT_MIGRATE = 0x006, /* from CPU; to CPU */
    RINGFORT_EVENT_WARP_ON = 0x007, /* warp in virtual ns */
    RINGFORT_EVENT_WARP_OFF = 0x008,
    RINGFORT_EVENT_HYPERCALL = 0x101,     /* at its end: number << 48 | ns it took; result */
    RINGFORT_EVENT_INTERRUPT = 0x201,     /* vector */
    RINGFORT_EVENT_DOMAIN_CREATE = 0x301, /* domain */
    RINGFORT_EVENT_DOMAIN_DIE = 0x302,    /* domain */
};

struct ringfort_record {
    uint64_t time_ns; /* since boot; never earlier than the one before it in the same ring */
    uint16_t event;
    uint16_t domain;
    uint16_t vcpu;
    uint16_t cpu;
    uint64_t args[2];
};

struct ringfort_trace_read {
    uint32_t version;
    uint32_t cpu;
    uint64_t cursor; /* in: number of the first record wanted, 0 at first; out: of the next */
    uint64_t buffer; /* address of struct ringfort_record[count] */
    uint32_t count;  /* in: room; out: records copied */
    uint32_t pad;
    uint64_t lost; /* out: records from the cursor on that were replaced before they were read */
};

#endif
