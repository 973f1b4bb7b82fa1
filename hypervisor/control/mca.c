/* XEN_MC_*: Domain0 asks for machine-check records. Ringfort keeps none: a machine check that the
 * processor cannot correct stops the machine with a message. Domain0's log daemon also wants to
 * know the processors that records would name. */
#include "hypercall/hypercall.h"

#include <xen/arch-x86/xen-mca.h>

#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "x86/smp.h"

static long fetch(struct xen_mc_fetch *fetch)
{
    fetch->flags = XEN_MC_NODATA;
    fetch->fetch_id = 0;
    return 0;
}

/* Without a buffer only the number is asked for. What is not known stays zero. */
static long processors(struct xen_mc_physcpuinfo *info)
{
    uint64_t to = handle_addr(info->info);
    unsigned n = to ? MIN(info->ncpus, cpu_count) : 0;

    for (unsigned cpu = 0; cpu < n; cpu++) {
        struct mcinfo_logical_cpu one = {
            .mc_cpunr = cpu,
            .mc_coreid = (uint16_t)cpu,
            .mc_apicid = cpu_apic_id[cpu],
            .mc_ncores = cpu_count,
            .mc_ncores_active = cpu_count,
            .mc_nthreads = 1,
        };

        if (!copy_to_guest(to + cpu * sizeof(one), &one, sizeof(one)))
            return refuse(-EFAULT);
    }
    info->ncpus = cpu_count;
    return 0;
}

long do_mca(uint64_t arg)
{
    struct xen_mc op;
    long rc;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return refuse(-EACCES);
    switch (op.cmd) {
    case XEN_MC_fetch:
        rc = fetch(&op.u.mc_fetch);
        break;
    case XEN_MC_physcpuinfo:
        rc = processors(&op.u.mc_physcpuinfo);
        break;
    default:
        return refuse(-ENOSYS);
    }
    if (rc == 0 && !copy_to_guest(arg, &op, sizeof(op)))
        return refuse(-EFAULT);
    return rc;
}
