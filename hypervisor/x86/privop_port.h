/* Port I/O instructions of guests. */
#ifndef X86_PRIVOP_PORT_H
#define X86_PRIVOP_PORT_H

#include "x86/decode.h"

struct vcpu;

/* True when the vCPU's virtual IOPL covers its present mode: kernel counts as ring 1, user as 3. */
bool iopl_permits(const struct vcpu *v);

/* IN and OUT. 0, or -EINVAL: #GP. */
int emulate_port(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p);

/* INS and OUTS, repeated ones in pieces. 0: done; -ERESTART: registers tell how far it got, or a
 * fault of the guest's memory has been delivered; -EINVAL: #GP. */
int emulate_port_string(struct vcpu *v, struct cpu_user_regs *regs, const struct decoded_privop *p,
                        bool mode64);

#endif
