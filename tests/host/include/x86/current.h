/* Host builds: who "runs" is what the test says. */
#ifndef X86_CURRENT_H
#define X86_CURRENT_H

#include "lib/abi.h"

#include "lib/config.h"
#include "lib/types.h"

struct vcpu;

/* What other CPUs may look at of one's own area. */
struct cpu_info {
    struct vcpu *vcpu;
};

extern struct vcpu *host_current;
extern unsigned host_cpu;
extern struct cpu_user_regs host_regs;

#define current host_current
#define this_cpu() host_cpu
#define guest_regs() (&host_regs)

#endif
