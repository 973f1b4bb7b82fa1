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

/* Gives one frame back: whether the hypervisor took it. */
static bool give(pfn_t pfn)
{
    xen_pfn_t frame = pfn_to_mfn(pfn);
    struct xen_memory_reservation r = one_frame(&frame);

    if (memory_op(XENMEM_decrease_reservation, &r) != 1)
        return false;
    list_set(pfn, ~0UL);
    return true;
}

unsigned balloon_trim(pfn_t from)
{
    unsigned done = 0;

    if (va_to_pfn((void *)start_info->pt_base) + start_info->nr_pt_frames >= from)
        check_abort("page tables are in what is to be given back");
    for (pfn_t pfn = from; pfn < start_info->nr_pages; pfn++) {
        unsigned long va = VIRT_BASE + pfn * PAGE_SIZE;
        const pte_t *entry = entry_of(va, 1);

        if (entry && (*entry & PTE_P))
            MUST(update_va_mapping(va, 0, UVMF_INVLPG));
        done += give(pfn);
    }
    return done;
}

unsigned balloon_inflate(unsigned pages)
{
    unsigned done = 0;

    for (; done < pages && count < MOST; done++) {
        pfn_t pfn = spare_pfn();

        if (!give(pfn))
            break;
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
