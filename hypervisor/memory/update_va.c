/* update_va_mapping: one leaf, named by the address it maps, with its flush. */
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/entry_update.h"
#include "memory/flush_set.h"
#include "memory/guest_copy.h"
#include "memory/mmu.h"
#include "memory/pte.h"
#include "memory/tlb.h"
#include "memory/update_parties.h"
#include "x86/current.h"

static int update_va(struct domain *page_owner, uint64_t va, uint64_t pte)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    uint64_t *slot;
    int rc = mmu_drain_dying(v);

    if (rc)
        return rc;
    if (!guest_range_ok(va, 1))
        return refuse(-EINVAL);
    spin_lock(&d->paging_lock);
    slot = leaf_slot(d, v->memory.kernel_root, va);
    rc = slot ? leaf_update(d, page_owner, slot, pte, false) : -EINVAL;
    spin_unlock(&d->paging_lock);
    return rc;
}

/* The flags name the kind of flush and where: here, on all of the domain's CPUs, or those of a
 * bitmap of vCPUs whose address takes the remaining bits. */
static int update_va_flush(uint64_t va, unsigned long flags)
{
    uint64_t bitmap = flags & ~UVMF_FLUSHTYPE_MASK;
    unsigned long kind = flags & UVMF_FLUSHTYPE_MASK;
    cpumask_t cpus;

    if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG)
        return 0;
    if (bitmap == UVMF_LOCAL) {
        if (kind == UVMF_INVLPG)
            tlb_flush_page_local(va);
        else
            tlb_flush_local();
        return 0;
    }
    if (bitmap == UVMF_ALL)
        tlb_domain_cpus(current->domain, &cpus);
    else if (!flush_set_of_vcpus(bitmap, &cpus))
        return refuse(-EFAULT);
    if (kind == UVMF_INVLPG)
        tlb_flush_page_mask(&cpus, va);
    else
        tlb_flush_mask(&cpus);
    return 0;
}

long do_update_va_mapping(uint64_t va, uint64_t pte, unsigned long flags)
{
    int rc = update_va(current->domain, va, pte);

    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_update_va_mapping, 3, va, pte, flags);
    return rc ? rc : update_va_flush(va, flags);
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t pte, unsigned long flags, domid_t domid)
{
    struct update_parties p;
    int rc = parties_get(&p, domid);

    if (rc)
        return rc;
    rc = update_va(p.page_owner, va, pte);
    parties_put(&p);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_update_va_mapping_otherdomain, 4, va, pte, flags,
                                 (unsigned long)domid);
    return rc ? rc : update_va_flush(va, flags);
}
