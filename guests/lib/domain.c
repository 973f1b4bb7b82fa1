#include "domain.h"

#include "guest.h"

domid_t domain_make(unsigned vcpus)
{
    struct xen_domctl op = {.u.createdomain = {
                                .max_vcpus = vcpus,
                                .max_evtchn_port = 100,
                                .max_grant_frames = 1,
                                .max_maptrack_frames = 1,
                                .grant_opts = XEN_DOMCTL_GRANT_version(1),
                            }};
    domid_t id;

    MUST(domctl(&op, XEN_DOMCTL_createdomain, 0));
    id = op.domain;
    op.u.address_size.size = 8 * sizeof(long);
    MUST(domctl(&op, XEN_DOMCTL_set_address_size, id));
    op.u.max_mem.max_memkb = 1024;
    MUST(domctl(&op, XEN_DOMCTL_max_mem, id));
    return id;
}

long domain_make_vcpus(domid_t id, unsigned vcpus)
{
    struct xen_domctl op = {.u.max_vcpus.max = vcpus};

    return domctl(&op, XEN_DOMCTL_max_vcpus, id);
}

mfn_t domain_page(domid_t id)
{
    xen_pfn_t frame = 0;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = id};

    set_xen_guest_handle(r.extent_start, &frame);
    if (memory_op(XENMEM_populate_physmap, &r) != 1)
        check_abort("no page for a domain");
    return frame;
}

mfn_t domain_root(domid_t id)
{
    mfn_t root = domain_page(id);
    struct mmuext_op pin = {.cmd = PIN_ROOT, .arg1.mfn = root};

    /* The last entry of three levels leads to the hypervisor's addresses. */
    if (ROOT_LEVEL == 3) {
        struct mmu_update last = {
            .ptr = ((maddr_t)root << PAGE_SHIFT) + (ROOT_ENTRIES - 1) * sizeof(pte_t),
            .val = pte_make(domain_page(id), ROOT_TABLE_BITS),
        };

        MUST(mmu_update(&last, 1, NULL, (id + 1u) << 16 | id));
    }
    MUST(mmuext_op(&pin, 1, NULL, id));
    return root;
}

void domain_context(struct vcpu_guest_context *context, mfn_t root)
{
    memset(context, 0, sizeof(*context));
    context->flags = VGCF_IN_KERNEL | VGCF_online;
    context_start(context, (void *)0x1000, NULL, 0);
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = context->kernel_ss = FLAT_KERNEL_SS;
    context->ctrlreg[3] = xen_pfn_to_cr3(root);
}

long domain_set_context(domid_t id, struct vcpu_guest_context *context)
{
    struct xen_domctl op = {.u.vcpucontext.vcpu = 0};

    set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
    return domctl(&op, XEN_DOMCTL_setvcpucontext, id);
}

bool domain_has_ended(domid_t id)
{
    struct xen_domctl op;

    MUST(domctl(&op, XEN_DOMCTL_getdomaininfo, id));
    return op.u.getdomaininfo.flags & XEN_DOMINF_shutdown;
}
