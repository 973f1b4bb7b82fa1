/* The trace: what each CPU did when, for a tool in Domain0 (interface/ringfort.h). */
#ifndef CONTROL_TRACE_H
#define CONTROL_TRACE_H

#include "interface/ringfort.h"
#include "lib/types.h"

struct vcpu;

extern uint32_t trace_classes; /* RINGFORT_TRACE_* that are recorded now */

/* True while events of these classes are recorded. */
static inline bool trace_on(uint32_t classes)
{
    return unlikely(READ_ONCE(trace_classes) & classes);
}

/* Records an event, whatever the classes say, where this CPU has a ring. Any context but NMI. */
void trace_record(enum ringfort_event event, const struct vcpu *about, uint64_t arg0,
                  uint64_t arg1);

/* Records an event about a vCPU if its class is traced: one test of a word if not. */
static inline void trace(enum ringfort_event event, const struct vcpu *about, uint64_t arg0,
                         uint64_t arg1)
{
    if (trace_on(1u << (event >> 8)))
        trace_record(event, about, arg0, arg1);
}

/* REMOTE_TRACE's body: this CPU takes the ring that was made for it, or lets go of the one that is
 * to be freed, and records who runs. */
void trace_take_ring(void);

/* RINGFORT_OP_trace and RINGFORT_OP_trace_read, by the address of their structures. */
long trace_control(uint64_t arg);
long trace_read(uint64_t arg);

#endif
