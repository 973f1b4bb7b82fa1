/* Frames of others: an owner in a call's arguments that one call looked at and another did not
 * (advisory 109 was about whom such calls may name), a frame number beyond all memory, a device's
 * page that nobody thought of. What must hold: a domain maps no frame that is not its own, none of
 * RAM that the hypervisor or nobody has, none beyond memory, no local APIC and no I/O APIC to write
 * to, whatever owner it claims; the errors are -EINVAL, and -ESRCH for an owner that there is not;
 * the entry stays empty. */
#include "guest.h"

#define MAX_ENTRIES 64
#define MIB_FRAMES 256

struct e820_entry {
    uint64_t addr, size;
    uint32_t type;
} __attribute__((packed));

/* The domain's first frame of grant entries: hypervisor memory that it may map. */
static xen_pfn_t grant_frame;

static bool is_own(mfn_t mfn)
{
    pfn_t pfn = mfn_to_pfn(mfn);

    return mfn == start_info->shared_info >> PAGE_SHIFT || mfn == grant_frame ||
           (pfn < start_info->nr_pages && pfn_to_mfn(pfn) == mfn);
}

static long try(mfn_t mfn, uint64_t bits, unsigned domain)
{
    struct mmu_update update = {.ptr = va_to_maddr(tables_for(FREE_BASE)),
                                .val = pte_make(mfn, bits)};

    return mmu_update(&update, 1, NULL, domain);
}

/* Every frame of RAM above the first MiB, which Domain0 may see. */
static void check_ram(void)
{
    static struct e820_entry entries[MAX_ENTRIES];
    struct xen_memory_map map = {.nr_entries = MAX_ENTRIES};
    unsigned tried = 0, mapped = 0;
    mfn_t stray = 0;

    set_xen_guest_handle(map.buffer, entries);
    REQUIRE(memory_op(XENMEM_machine_memory_map, &map) == 0);
    for (unsigned i = 0; i < map.nr_entries; i++) {
        mfn_t first = entries[i].addr >> PAGE_SHIFT;
        mfn_t end = (entries[i].addr + entries[i].size) >> PAGE_SHIFT;

        if (entries[i].type != 1)
            continue;
        for (mfn_t mfn = first < MIB_FRAMES ? MIB_FRAMES : first; mfn < end; mfn++) {
            if (is_own(mfn))
                continue;
            tried++;
            if (!is_refusal(try(mfn, PAGE_RO, DOMID_SELF)) ||
                !is_refusal(try(mfn, PAGE_RW, DOMID_IO)) ||
                !is_refusal(try(mfn, PAGE_RW, DOMID_XEN)) || *tables_for(FREE_BASE)) {
                mapped++;
                stray = mfn;
            }
        }
    }
    print("%u frames of RAM are not ours\n", tried);
    CHECK(tried > 0);
    CHECK_EQ(mapped, 0);
    if (mapped)
        print("one of those mapped: %lx\n", stray);
}

void test(void)
{
    static const mfn_t bad[] = {0xfee00, 0xffffffffUL, NO_MFN, NO_MFN + 1};
    mfn_t own = va_to_mfn(page_alloc());
    pte_t *fresh = page_alloc();
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

    set_xen_guest_handle(setup.frame_list, &grant_frame);
    CHECK_EQ(grant_table_op(GNTTABOP_setup_table, &setup, 1), 0);
    check_ram();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        CHECK_REFUSED(try(bad[i], PAGE_RW, DOMID_SELF));
        CHECK_REFUSED(try(bad[i], PAGE_RW, DOMID_IO));
        CHECK_REFUSED(try(bad[i], PAGE_RW, DOMID_XEN));
    }
    /* The I/O APIC may be shown, not written. */
    if (!try(0xfec00, PAGE_RW, DOMID_SELF)) {
        CHECK_EQ(*tables_for(FREE_BASE) & PTE_RW, 0);
        CHECK_REFUSED(try(0xfec00, PAGE_RW, DOMID_XEN));
    }
    /* An owner that does not have the frame, or does not exist. */
    CHECK_REFUSED(try(own, PAGE_RW, DOMID_IO));
    CHECK_REFUSED(try(own, PAGE_RW, DOMID_XEN));
    CHECK_EQ(try(own, PAGE_RW, 4711), -XEN_ESRCH);
    CHECK_EQ(try(own, PAGE_RW, 4711 << 16 | DOMID_SELF), -XEN_ESRCH);
    CHECK_EQ(try(own, PAGE_RW, DOMID_SELF), 0);
    CHECK_EQ(try(0, 0, DOMID_SELF), 0);
    /* Not as tables either. */
    CHECK_REFUSED(entry_write(entry_of(FREE_BASE + (1 << 21), 2), pte_make(0x200, TABLE_BITS)));
    CHECK_REFUSED(entry_write(entry_of(0, ROOT_LEVEL), pte_make(0x200, TABLE_BITS)));
    /* One bad entry makes the whole table bad, and leaves the good ones' frames alone. */
    fresh[0] = pte_make(own, PAGE_RW);
    fresh[511] = pte_make(hypervisor_mfn(), PAGE_RW);
    page_make_readonly(fresh);
    CHECK_REFUSED(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(fresh)));
    CHECK_EQ(page_protect(mfn_to_va(own), PAGE_RO), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, own), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, own), 0);
}
