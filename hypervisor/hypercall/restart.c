/* The restart rule: a hypercall that was cut short leaves the arguments of its next run with the
 * guest, in registers or in the multicall entry it came from. */
#include "hypercall/hypercall.h"

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "x86/current.h"

/* The multicall entry that each CPU is at; it lies on that CPU's stack. */
static struct multicall_entry *batch_entry[MAX_CPUS];

void multicall_set_entry(struct multicall_entry *entry)
{
    batch_entry[this_cpu()] = entry;
}

static void restart_in_entry(struct multicall_entry *entry, unsigned op, unsigned nargs,
                             const uint64_t *args)
{
    entry->op = op;
    for (unsigned i = 0; i < nargs; i++)
        entry->args[i] = args[i];
}

static void restart_in_registers(struct cpu_user_regs *regs, unsigned op, unsigned nargs,
                                 const uint64_t *args)
{
    uint64_t *wide[] = {&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8};
    uint64_t *narrow[] = {&regs->rbx, &regs->rcx, &regs->rdx, &regs->rsi, &regs->rdi};
    uint64_t **to = current->domain->is_compat ? narrow : wide;

    regs->rax = op;
    for (unsigned i = 0; i < nargs; i++)
        *to[i] = args[i];
}

long hypercall_restart_with(unsigned op, unsigned nargs, const uint64_t *args)
{
    struct multicall_entry *entry = batch_entry[this_cpu()];
    uint64_t split[HYPERCALL_MAX_ARGS];

    assert(nargs <= HYPERCALL_MAX_ARGS);
    if (guest_is_narrow()) {
        memcpy(split, args, nargs * sizeof(*args));
        nargs = compat_args_split(op, nargs, split);
        args = split;
    }
    if (entry)
        restart_in_entry(entry, op, nargs, args);
    else
        restart_in_registers(guest_regs(), op, nargs, args);
    return -ERESTART;
}
