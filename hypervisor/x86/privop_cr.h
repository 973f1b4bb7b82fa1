/* Control registers as guests see them. */
#ifndef X86_PRIVOP_CR_H
#define X86_PRIVOP_CR_H

#include "lib/types.h"

struct vcpu;

/* CR0 of a vCPU: the processor's, with TS as the guest set it. */
uint64_t shown_cr0(const struct vcpu *v);

/* MOV from CR0, 2, 3 or 4; false: #GP. `v` is current, in kernel mode. */
bool read_cr(struct vcpu *v, unsigned number, uint64_t *value);

/* MOV to one. 0: done; -ERESTART: to be executed again after pending work; -EINVAL: #GP. */
int set_cr(struct vcpu *v, unsigned number, uint64_t value);

#endif
