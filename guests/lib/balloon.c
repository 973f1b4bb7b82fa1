#include "balloon.h"

#include "guest.h"

#define MOST 4096

static pfn_t given[MOST];
static unsigned count;

static struct xen_memory_reservation one_frame(xen_pfn_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, frame);
    return r;
}

static void list_set(pfn_t pfn, mfn_t mfn)
{
    ((mfn_t *)start_info->mfn_list)[pfn] = mfn;
}

unsigned balloon_inflate(unsigned pages)
{
    unsigned done = 0;

    for (; done < pages && count < MOST; done++) {
        pfn_t pfn = spare_pfn();
        xen_pfn_t frame = pfn_to_mfn(pfn);
        struct xen_memory_reservation r = one_frame(&frame);

        if (memory_op(XENMEM_decrease_reservation, &r) != 1)
            break;
        list_set(pfn, ~0UL);
        given[count++] = pfn;
    }
    return done;
}

unsigned balloon_deflate(unsigned pages)
{
    unsigned done = 0;

    for (; done < pages && count; done++) {
        /* In: where the new frame is to appear; out: which frame it is. */
        xen_pfn_t frame = given[count - 1];
        struct xen_memory_reservation r = one_frame(&frame);

        if (memory_op(XENMEM_populate_physmap, &r) != 1)
            break;
        list_set(given[--count], frame);
    }
    return done;
}
