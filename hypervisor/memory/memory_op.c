/* Dispatch of XENMEM_* and the questions that need one line of answer (<xen/memory.h>). */
#include "memory/memory_op.h"

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/abi32.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/m2p.h"
#include "memory/reservation.h"
#include "x86/current.h"

unsigned exchange_order_max(void)
{
    return current->domain->is_privileged ? EXTENT_ORDER_MAX : EXCHANGE_ORDER_GUEST;
}

unsigned extent_address_bits(const struct domain *d, unsigned flags)
{
    unsigned asked = XENMEMF_get_address_bits(flags);
    unsigned bits = d->address_bits;

    if (asked != 0 && asked < bits)
        bits = asked;
    return bits < 64 ? bits : 0;
}

static uint64_t shown_max_pfn(const struct domain *d)
{
    const struct shared_info_x86_32 *narrow = (const struct shared_info_x86_32 *)d->shared_info;

    return d->is_compat ? narrow->arch.max_pfn : d->shared_info->arch.max_pfn;
}

/* The highest PFN any of the domain's frames is known by; the array is the guests' to fill. */
static long maximum_gpfn(struct domain *d)
{
    uint64_t max = d->tot_pages ? d->tot_pages - 1 : 0;

    /* A guest keeps this itself, as max_pfn: one above the highest. It is only its own claim. */
    if (d->shared_info && shown_max_pfn(d) > 0)
        max = shown_max_pfn(d) - 1;
    return (long)(max & INT64_MAX);
}

/* current_reservation, maximum_reservation and maximum_gpfn take one domain id. */
static long domain_query(unsigned op, uint64_t arg)
{
    struct xen_memory_domain query;
    struct domain *d;
    long answer;

    if (!copy_from_guest(&query, arg, sizeof(query)))
        return refuse(-EFAULT);
    d = domain_get_foreign(query.domid);
    if (!d)
        return refuse(current->domain->is_privileged ? -ESRCH : -EPERM);
    if (op == XENMEM_current_reservation)
        answer = (long)d->tot_pages;
    else if (op == XENMEM_maximum_reservation)
        answer = (long)MIN(d->max_pages, guest_is_narrow() ? INT32_MAX : INT64_MAX);
    else
        answer = maximum_gpfn(d);
    domain_put(d);
    return answer;
}

/* Sets memory aside for a domain that is being built; 0 gives the claim back. */
static long claim_pages(uint64_t arg)
{
    struct xen_memory_reservation claim;
    struct domain *d;
    long rc;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);
    if (!struct_from_guest(&claim, arg, xen_memory_reservation))
        return refuse(-EFAULT);
    if (handle_addr(claim.extent_start) != 0 || claim.extent_order != 0 || claim.mem_flags != 0)
        return refuse(-EINVAL);
    d = domain_get(claim.domid);
    if (!d)
        return refuse(-ESRCH);
    rc = domain_claim(d, claim.nr_extents);
    domain_put(d);
    return rc;
}

long do_memory_op(unsigned long cmd, uint64_t arg)
{
    unsigned op = cmd & MEMOP_CMD_MASK;
    uint64_t start = cmd >> MEMOP_EXTENT_SHIFT;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memory_reservation_op(op, start, arg);
    case XENMEM_exchange:
        return memory_exchange(arg);
    case XENMEM_maximum_ram_page:
        return (long)max_mfn().n;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return domain_query(op, arg);
    case XENMEM_machphys_mfn_list:
        return memory_machphys_list(arg, word_size());
    case XENMEM_machphys_compat_mfn_list:
        return memory_machphys_list(arg, sizeof(uint32_t));
    case XENMEM_machphys_mapping:
        return memory_machphys_mapping(arg);
    case XENMEM_memory_map:
        return memory_map_get(arg);
    case XENMEM_machine_memory_map:
        return memory_map_machine(arg);
    case XENMEM_set_memory_map:
        return memory_map_set(arg);
    case XENMEM_claim_pages:
        return claim_pages(arg);
    case XENMEM_acquire_resource:
        return memory_acquire_resource(start, arg);
    case XENMEM_get_vnumainfo:
        return -EOPNOTSUPP;
    default:
        /* add_to_physmap and its like are for domains whose physical addresses are translated. */
        return -ENOSYS;
    }
}
