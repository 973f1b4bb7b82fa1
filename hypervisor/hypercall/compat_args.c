/* Register arguments of 32-bit guests: some take two registers where a 64-bit guest has one. */
#include "hypercall/compat.h"

#include "hypercall/hypercall.h"

static uint64_t joined(uint64_t low, uint64_t high)
{
    return (uint32_t)low | high << 32;
}

void compat_args_join(unsigned op, uint64_t *args)
{
    switch (op) {
    case __HYPERVISOR_set_timer_op:
        args[0] = joined(args[0], args[1]);
        break;
    case __HYPERVISOR_update_descriptor:
        args[0] = joined(args[0], args[1]);
        args[1] = joined(args[2], args[3]);
        break;
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        args[1] = joined(args[1], args[2]);
        args[2] = args[3];
        args[3] = args[4];
        break;
    /* Selector and address each, of events and failsafe; system calls come by a trap gate. */
    case __HYPERVISOR_set_callbacks:
        args[0] = joined(args[1], args[0]);
        args[1] = joined(args[3], args[2]);
        args[2] = 0;
        break;
    }
}

/* Of those above only page-table updates are ever restarted. */
unsigned compat_args_split(unsigned op, unsigned nargs, uint64_t *args)
{
    if (op != __HYPERVISOR_update_va_mapping && op != __HYPERVISOR_update_va_mapping_otherdomain)
        return nargs;
    for (unsigned i = nargs; i > 2; i--)
        args[i] = args[i - 1];
    args[2] = args[1] >> 32;
    args[1] = (uint32_t)args[1];
    return nargs + 1;
}
