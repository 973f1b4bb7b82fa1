/* Where the machine-to-physical array is, in the guest's addresses and in frames (SOSP'03 3.3.4).
 */
#include "domain/domain.h"
#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/memory_op.h"
#include "memory/reservation.h"
#include "x86/current.h"

/* The array is handed out, and mapped, in stretches of this size. */
#define CHUNK_SHIFT 21
#define CHUNK_BYTES (1UL << CHUNK_SHIFT)

#define ENTRY_PRESENT UINT64_C(1)
#define ENTRY_LARGE (UINT64_C(1) << 7)
#define ENTRY_FRAME UINT64_C(0x000ffffffffff000)
#define TABLE_BITS 9

/* There are two arrays, with entries as wide as the words of their readers. */
static uint64_t array_base(size_t width)
{
    return width == sizeof(uint32_t) ? COMPAT_M2P_BASE : M2P_BASE;
}

/* Bytes of array that describe all RAM, in whole chunks. */
static uint64_t array_bytes(size_t width)
{
    return ROUND_UP((max_mfn().n + 1) * width, CHUNK_BYTES);
}

/* The frame behind `va` in Ringfort's own tables; 0 where nothing is mapped. */
static uint64_t array_mfn(uint64_t va)
{
    const uint64_t *table = hv_root;

    for (unsigned shift = 39;; shift -= TABLE_BITS) {
        uint64_t entry = table[(va >> shift) % (1U << TABLE_BITS)];
        uint64_t inside = va & ((UINT64_C(1) << shift) - 1);

        if (!(entry & ENTRY_PRESENT))
            return 0;
        if (shift == PAGE_SHIFT || (shift != 39 && (entry & ENTRY_LARGE)))
            return (((entry & ENTRY_FRAME) >> shift << shift) | inside) >> PAGE_SHIFT;
        table = maddr_to_virt(maddr(entry & ENTRY_FRAME));
    }
}

static void share_array(size_t width)
{
    for (uint64_t at = 0; at < array_bytes(width); at += PAGE_SIZE) {
        uint64_t frame = array_mfn(array_base(width) + at);

        /* All gaps in memory are described by the same frames. */
        if (frame && !frame_is_shared(frame_of(mfn(frame))))
            frame_share(frame_of(mfn(frame)), dom_xen, false);
    }
}

void memory_machphys_share(void)
{
    share_array(sizeof(uint64_t));
    share_array(sizeof(uint32_t));
}

long memory_machphys_list(uint64_t arg, size_t width)
{
    struct xen_machphys_mfn_list list;
    uint64_t chunks = array_bytes(width) >> CHUNK_SHIFT;
    uint64_t count;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);
    if (!struct_from_guest(&list, arg, xen_machphys_mfn_list))
        return refuse(-EFAULT);
    count = MIN(chunks, list.max_extents);
    if (!guest_range_ok(handle_addr(list.extent_start), count * word_size()))
        return refuse(-EFAULT);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t first = array_mfn(array_base(width) + (i << CHUNK_SHIFT));

        if (!words_to_guest(handle_addr(list.extent_start) + i * word_size(), &first, 1))
            return refuse(-EFAULT);
    }
    list.nr_extents = (unsigned)count;
    return struct_to_guest(arg, &list, xen_machphys_mfn_list) ? 0 : refuse(-EFAULT);
}

long memory_machphys_mapping(uint64_t arg)
{
    const struct domain *d = current->domain;
    uint64_t start = d->is_compat ? d->compat_hole_start : M2P_GUEST_BASE;
    uint64_t bytes = d->is_compat ? hypmap_compat_m2p_bytes(d) : array_bytes(sizeof(uint64_t));
    struct xen_machphys_mapping answer = {
        .v_start = start,
        .v_end = start + bytes,
        .max_mfn = bytes / word_size() - 1,
    };

    return struct_to_guest(arg, &answer, xen_machphys_mapping) ? 0 : refuse(-EFAULT);
}
