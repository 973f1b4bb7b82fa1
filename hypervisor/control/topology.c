/* The machine as tools see it: one node, one socket, every processor a core of its own. Domains are
 * not placed by it, so nothing finer is told. */
#include "control/topology.h"

#include "control/tools_bitmap.h"
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/cpu.h"
#include "x86/smp.h"

#define LOCAL_DISTANCE 10 /* ACPI SLIT's unit: a node to itself */

/* The processor's feature words in the tools' order. */
static void fill_features(uint32_t words[8])
{
    struct cpuid_regs basic = cpuid(1, 0), extended = cpuid(0x80000001, 0);
    bool has_7 = cpuid(0, 0).a >= 7, has_d = cpuid(0, 0).a >= 0xd;
    struct cpuid_regs seven = has_7 ? cpuid(7, 0) : (struct cpuid_regs){0};

    words[0] = basic.d;
    words[1] = basic.c;
    words[2] = extended.d;
    words[3] = extended.c;
    words[4] = has_d ? cpuid(0xd, 1).a : 0;
    words[5] = seven.b;
    words[6] = seven.c;
    words[7] = cpuid(0x80000000, 0).a >= 0x80000007 ? cpuid(0x80000007, 0).d : 0;
}

long sysctl_physinfo(struct xen_sysctl_physinfo *info)
{
    *info = (struct xen_sysctl_physinfo){
        .threads_per_core = 1,
        .cores_per_socket = cpu_count,
        .nr_cpus = cpu_count,
        .max_cpu_id = cpu_count - 1,
        .nr_nodes = 1,
        .max_node_id = 0,
        .cpu_khz = (uint32_t)tsc_khz(),
        .capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
        .total_pages = frames_total(),
        .free_pages = frames_free(),
        .outstanding_pages = frames_claimed(),
        .max_mfn = max_mfn().n,
    };
    fill_features(info->hw_cap);
    return 0;
}

long sysctl_cputopoinfo(struct xen_sysctl_cputopoinfo *info)
{
    uint64_t to = handle_addr(info->cputopo);
    unsigned n = to ? MIN(info->num_cpus, cpu_count) : 0;

    for (unsigned cpu = 0; cpu < n; cpu++) {
        struct xen_sysctl_cputopo topo = {.core = cpu, .socket = 0, .node = 0};

        if (!copy_to_guest(to + cpu * sizeof(topo), &topo, sizeof(topo)))
            return refuse(-EFAULT);
    }
    info->num_cpus = cpu_count;
    return 0;
}

long sysctl_numainfo(struct xen_sysctl_numainfo *info)
{
    struct xen_sysctl_meminfo mem = {
        .memsize = frames_total() << PAGE_SHIFT,
        .memfree = frames_free() << PAGE_SHIFT,
    };
    uint64_t mem_to = handle_addr(info->meminfo), distance_to = handle_addr(info->distance);
    const uint32_t distance = LOCAL_DISTANCE;

    if (info->num_nodes > 0 && mem_to && !copy_to_guest(mem_to, &mem, sizeof(mem)))
        return refuse(-EFAULT);
    if (info->num_nodes > 0 && distance_to &&
        !copy_to_guest(distance_to, &distance, sizeof(distance)))
        return refuse(-EFAULT);
    info->num_nodes = 1;
    return 0;
}

long sysctl_pcitopoinfo(struct xen_sysctl_pcitopoinfo *info)
{
    const uint32_t unknown = XEN_INVALID_NODE_ID;
    uint64_t nodes = handle_addr(info->nodes);
    uint32_t i;

    if (!handle_addr(info->devs) || !nodes)
        return refuse(-EINVAL);
    /* The tools come again for the rest of what was not done. */
    for (i = 0; i < info->num_devs && (i == 0 || !preempt_needed()); i++)
        if (!copy_to_guest(nodes + i * sizeof(unknown), &unknown, sizeof(unknown)))
            return refuse(-EFAULT);
    info->num_devs = i;
    return 0;
}

static uint32_t count_domains(void)
{
    struct domain *d;
    uint32_t n = 0;

    spin_lock(&domain_list_lock);
    list_for_each (d, &domain_list, all)
        n++;
    spin_unlock(&domain_list_lock);
    return n;
}

long sysctl_cpupool_op(struct xen_sysctl_cpupool_op *op)
{
    const cpumask_t none = {{0}};

    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        if (op->cpupool_id != 0 && op->cpupool_id != XEN_SYSCTL_CPUPOOL_PAR_ANY)
            return -ENOENT;
        op->cpupool_id = 0;
        op->sched_id = XEN_SCHEDULER_CREDIT2;
        op->n_dom = count_domains();
        return cpumask_to_tools(&op->cpumap, &cpus_online);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return cpumask_to_tools(&op->cpumap, &none);
    default:
        return refuse(-EOPNOTSUPP);
    }
}
