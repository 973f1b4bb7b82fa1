#include "grant.h"

#include "guest.h"

volatile struct grant_entry_v1 *grant_table;

void grant_init(void)
{
    static char window[GRANT_FRAMES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    xen_pfn_t frames[GRANT_FRAMES];
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = GRANT_FRAMES};

    if (grant_table)
        return;
    set_xen_guest_handle(setup.frame_list, frames);
    MUST(grant_table_op(GNTTABOP_setup_table, &setup, 1));
    MUST(setup.status);
    for (unsigned i = 0; i < GRANT_FRAMES; i++)
        MUST(
            update_va_mapping((unsigned long)window[i], pte_make(frames[i], PAGE_RW), UVMF_INVLPG));
    grant_table = (struct grant_entry_v1 *)window;
}

grant_ref_t grant_give(unsigned domain, mfn_t frame, unsigned flags)
{
    static grant_ref_t next = GRANT_FIRST;
    grant_ref_t start = next, ref;

    grant_init();
    do {
        ref = next;
        next = next + 1 < GRANT_ENTRIES ? next + 1 : GRANT_FIRST;
        if (next == start)
            check_abort("all grants are in use");
    } while (grant_table[ref].flags);
    grant_table[ref].domid = (domid_t)domain;
    grant_table[ref].frame = (uint32_t)frame;
    /* The flags make the entry valid: last. */
    xen_wmb();
    grant_table[ref].flags = (uint16_t)(GTF_permit_access | flags);
    return ref;
}

bool grant_end(grant_ref_t ref)
{
    uint16_t flags = grant_table[ref].flags;

    /* The hypervisor sets the use bits in the same word, so one exchange decides it. */
    while (!(flags & (GTF_reading | GTF_writing)))
        if (__atomic_compare_exchange_n(&grant_table[ref].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return true;
    return false;
}
