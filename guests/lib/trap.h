/* Traps: catching those that a statement causes, and handlers for the rest. */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include "abi.h"
#include "stack.h"
#include "trap_frame.h"

enum {
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_NMI = 2,
    TRAP_BP = 3,
    TRAP_OF = 4,
    TRAP_UD = 6,
    TRAP_NM = 7,
    TRAP_TS = 10,
    TRAP_NP = 11,
    TRAP_SS = 12,
    TRAP_GP = 13,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    TRAP_XM = 19,
};

/* Page-fault error code. */
#define PF_PRESENT 1U
#define PF_WRITE 2U
#define PF_USER 4U
#define PF_RESERVED 8U
#define PF_FETCH 16U

#define NO_TRAP (-1)

/* What each vCPU's library state is. */
struct trap_state {
    bool armed;
    struct context context;
    struct trap_frame last;      /* the last caught trap */
    unsigned long fault_address; /* vcpu_info's, when it was a page fault */
    unsigned long frame_address; /* where on the stack the hypervisor's part of the frame was */
};

extern struct trap_state trap_states[MAX_VCPUS];

/* The vCPU this runs on, by its stack. */
unsigned this_vcpu(void);

#define last_trap (trap_states[this_vcpu()].last)
#define last_cr2 (trap_states[this_vcpu()].fault_address)

/* Runs a statement: the vector of the trap it caused, which is then described by last_trap, or
 * NO_TRAP. Variables that it changes and that are used later must be volatile. */
#define CATCH(...)                                                                                 \
    ({                                                                                             \
        volatile int caught_ = NO_TRAP;                                                            \
        struct trap_state *state_ = &trap_states[this_vcpu()];                                     \
        if (!context_save(&state_->context)) {                                                     \
            state_->armed = true;                                                                  \
            asm volatile("" : : : "memory");                                                       \
            __VA_ARGS__;                                                                           \
            asm volatile("" : : : "memory");                                                       \
            state_->armed = false;                                                                 \
        } else {                                                                                   \
            caught_ = (int)trap_states[this_vcpu()].last.entry;                                    \
        }                                                                                          \
        caught_;                                                                                   \
    })

/* A handler for one entry (a vector or ENTRY_...): called before anything else looks at it; true
 * when it has dealt with the trap and the frame, perhaps changed, is to be resumed. */
typedef bool trap_hook_fn(struct trap_frame *frame);
void trap_hook(unsigned entry, trap_hook_fn *hook);

/* Registers the trap table and all callbacks for vCPU 0. */
void trap_init(void);

/* Fills a table of 256 entries as trap_init registers it (255 filled, one that ends it). */
void trap_fill_table(struct trap_info *table);

/* Registers one callback type with its flags; the hypervisor's answer. */
long callback_register(unsigned type, const void *address, unsigned flags);

void trap_entry(struct trap_frame *frame);

#endif
