/*
 * The root of 32-bit guests. Their base pointer names a level-3 table, whose page is loaded as it
 * is: validation has given its four entries the bits that the processor's four-level walk wants and
 * cleared the rest. Above it is one level-4 table for each CPU, whose first slot names the guest's
 * table and whose others are Ringfort's.
 *
 * There is nothing to isolate. 32-bit code, in ring 1 or 3, has addresses below 4 GiB only, in
 * speculation too, and all of Ringfort but the machine-to-physical array lies above. So the guest
 * runs on this root in each of the three modes, and with PCIDs in context 0, which each load
 * empties.
 */
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/hypmap_root.h"
#include "memory/hypmap_table.h"
#include "memory/mapping.h"
#include "x86/cpu.h"
#include "x86/current.h"

static uint64_t *compat_root[MAX_CPUS];

int compat_root_add_cpu(unsigned cpu)
{
    compat_root[cpu] = hv_table_alloc();
    if (compat_root[cpu] == NULL)
        return -ENOMEM;
    hypmap_fill_root(compat_root[cpu]);
    return 0;
}

void compat_root_load(mfn_t root)
{
    uint64_t *top = compat_root[this_cpu()];

    WRITE_ONCE(top[0], mfn_maddr(root).a | HV_P | HV_W | HV_U | HV_AD);
    cpu_info()->guest_cr3 = 0;
    write_cr3(mfn_maddr(virt_to_mfn(top)).a);
}
