/*
 * Guest segment descriptors (SDM vol. 3, 3.4.5). Ringfort runs in ring 0, guest kernels in ring 3
 * (64-bit) or ring 1 (32-bit). A descriptor is harmless when its privilege level is not below that
 * and when it is code or data: gates would lead into Ringfort's ring, task and table descriptors
 * would move the processor's own structures. Base and limit need no check: paging protects
 * Ringfort.
 */
#include "memory/descriptor.h"

#include "lib/assert.h"
#include "lib/config.h"
#include "lib/errno.h"

#define DESC_ACCESSED (UINT64_C(1) << 40)
#define DESC_EXPAND_DOWN (UINT64_C(1) << 42) /* of data: it lies above its limit */
#define DESC_CODE (UINT64_C(1) << 43)
#define DESC_CODE_OR_DATA (UINT64_C(1) << 44)
#define DESC_DPL_SHIFT 45
#define DESC_DPL (UINT64_C(3) << DESC_DPL_SHIFT)
#define DESC_PRESENT (UINT64_C(1) << 47)
#define DESC_LONG (UINT64_C(1) << 53)
#define DESC_GRANULAR (UINT64_C(1) << 55)
#define DESC_BASE UINT64_C(0xff0000ffffff0000)
#define DESC_LIMIT UINT64_C(0x000f00000000ffff)

/* Kernels made for 32-bit hypervisors end their flat segments 16 MiB into the hole, behind the
 * machine-to-physical array of those. Here the array goes on. */
static bool ends_in_hole(uint64_t d)
{
    uint64_t last_page = (d & 0xffff) | (d >> 32 & 0xf0000);

    if ((d & (DESC_CODE | DESC_EXPAND_DOWN)) == DESC_EXPAND_DOWN)
        return false;
    return (d & (DESC_BASE | DESC_GRANULAR)) == DESC_GRANULAR &&
           last_page >= COMPAT_HOLE_DEFAULT >> 12;
}

bool descriptor_check(uint64_t *descriptor, bool compat)
{
    uint64_t d = *descriptor;
    uint64_t kernel_dpl = compat ? 1 : 3;

    if (!(d & DESC_PRESENT))
        return true;
    if (!(d & DESC_CODE_OR_DATA))
        return false;
    /* A 32-bit guest in 64-bit code could name addresses above 4 GiB. */
    if (compat && (d & DESC_CODE) && (d & DESC_LONG))
        return false;
    if (compat && ends_in_hole(d))
        d |= DESC_LIMIT;
    if ((d & DESC_DPL) >> DESC_DPL_SHIFT < kernel_dpl)
        d = (d & ~DESC_DPL) | kernel_dpl << DESC_DPL_SHIFT;
    /* The processor then never writes to the table. */
    *descriptor = d | DESC_ACCESSED;
    return true;
}

int descriptor_page_check(uint64_t *page, bool compat)
{
    for (unsigned i = 0; i < DESCRIPTORS_PER_PAGE; i++) {
        uint64_t d = page[i];

        if (!descriptor_check(&d, compat))
            return refuse(-EINVAL);
        if (d != page[i])
            page[i] = d;
    }
    return 0;
}
