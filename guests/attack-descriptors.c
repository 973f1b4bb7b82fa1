/* Descriptors that give more than the guest has: a call gate, a task-state segment or a code
 * segment of ring 0 in a table that the processor reads, put there before the page was checked or
 * after (what the checks of segment tables are for; in advisory 298 limits were not looked at).
 * What must hold: registered frames become read-only descriptor pages, dangerous descriptors are
 * refused with -EINVAL, privilege is forced to the guest's, selectors behave accordingly, and what
 * was there stays after a failure. */
#include "guest.h"

#define CODE64 0x00af9a000000ffffULL /* DPL 0 */
#define CODE32 0x00cf9a000000ffffULL /* DPL 0 */
#define DATA 0x00cf92000000ffffULL   /* DPL 0 */
#define DATA_BASE_1234 0x00cf92001234ffffULL
#define DATA_TO_HOLE 0x00cf9200000057ffULL   /* up to 0xf5800000 */
#define DATA_INTO_HOLE 0x00cf9200000067ffULL /* up to 0xf6800000, as old 32-bit kernels have it */
#define CALL_GATE 0x00008c00e008ffffULL      /* to code of the hypervisor */
#define TSS 0x0000890000000067ULL
#define LDT_SYSTEM 0x0000820000000067ULL
#define RING (FLAT_KERNEL_SS & 3) /* the kernel's */

static uint64_t *gdt, *ldt;

static int load_fs(unsigned selector)
{
    return CATCH(asm volatile("mov %0, %%fs" : : "r"(selector)));
}

static unsigned access_rights(unsigned selector)
{
    unsigned rights;

    asm volatile("lar %1, %0" : "=r"(rights) : "r"(selector) : "cc");
    return rights;
}

static unsigned limit(unsigned selector)
{
    unsigned bytes;

    asm volatile("lsl %1, %0" : "=r"(bytes) : "r"(selector) : "cc");
    return bytes;
}

static void check_gdt(void)
{
    xen_pfn_t frame = va_to_mfn(gdt), bad = NO_MFN;

    gdt[1] = DATA;
    gdt[2] = ROOT_LEVEL == 4 ? CODE64 : CODE32;
    /* Still writable. */
    CHECK_EQ(set_gdt(&frame, 512), -XEN_EINVAL);
    page_make_readonly(gdt);
    CHECK_EQ(set_gdt(&frame, 512), 0);
    CHECK_REFUSED(page_protect(gdt, PAGE_RW));
    CHECK_EQ(CATCH(((volatile uint64_t *)gdt)[1] = 0), TRAP_PF);
    CHECK_EQ(load_fs(8 | RING), NO_TRAP);
    CHECK_EQ(access_rights(8) >> 13 & 3, RING);
    CHECK_EQ(load_fs(FLAT_KERNEL_SS), NO_TRAP);
    CHECK_EQ(load_fs(24 | RING), TRAP_GP);
    CHECK_EQ(last_trap.error, 24);
    CHECK_EQ(load_fs(0), NO_TRAP);

    CHECK_EQ(set_gdt(&bad, 512), -XEN_EINVAL);
    CHECK_EQ(set_gdt(&frame, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL);
    CHECK_EQ(set_gdt((void *)0x1000, 512), -XEN_EFAULT);
    /* None of the failures took the GDT away. */
    CHECK_EQ(load_fs(8 | RING), NO_TRAP);
    CHECK_EQ(load_fs(0), NO_TRAP);
}

static void check_update(void)
{
    maddr_t entry = va_to_maddr(&gdt[3]);

    CHECK_EQ(update_descriptor(entry, DATA_BASE_1234), 0);
    CHECK_EQ(load_fs(24 | RING), NO_TRAP);
    CHECK_EQ(load_fs(0), NO_TRAP);
    CHECK_EQ(gdt[3] >> 45 & 3, RING);
    /* A 32-bit guest that sees a part of the machine-to-physical array sees all. */
    CHECK_EQ(update_descriptor(entry, DATA_TO_HOLE), 0);
    CHECK_EQ(limit(24 | RING), 0xf57fffff);
    CHECK_EQ(update_descriptor(entry, DATA_INTO_HOLE), 0);
    CHECK_EQ(limit(24 | RING), ROOT_LEVEL == 4 ? 0xf67fffff : 0xffffffff);
    CHECK_EQ(update_descriptor(entry, DATA), 0);
    /* No system segment but what cannot be used; no gate at all. */
    CHECK_EQ(update_descriptor(entry, TSS), -XEN_EINVAL);
    CHECK_EQ(update_descriptor(entry, LDT_SYSTEM), -XEN_EINVAL);
    CHECK_EQ(load_fs(24 | RING), NO_TRAP);
    CHECK_EQ(update_descriptor(entry, CALL_GATE), -XEN_EINVAL);
    /* No 64-bit code for a 32-bit guest. */
    CHECK_EQ(update_descriptor(entry, CODE64), ROOT_LEVEL == 4 ? 0 : -XEN_EINVAL);
    CHECK_EQ(update_descriptor(entry, 0), 0);
    CHECK_EQ(load_fs(0), NO_TRAP);
    CHECK_EQ(load_fs(24 | RING), TRAP_GP);
    CHECK_EQ(update_descriptor(entry + 1, DATA), -XEN_EINVAL);
    CHECK_EQ(update_descriptor(0xffffffff0000ULL, DATA), -XEN_EINVAL);
    /* An ordinary page takes descriptors too, a page table does not. */
    CHECK_EQ(update_descriptor(va_to_maddr(page_alloc()), DATA), 0);
    CHECK_EQ(update_descriptor(va_to_maddr((void *)start_info->pt_base), DATA), -XEN_EINVAL);
}

static long set_ldt(const void *base, unsigned entries)
{
    struct mmuext_op op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (unsigned long)base};

    op.arg2.nr_ents = entries;
    return mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_ldt(void)
{
    ldt[1] = DATA;
    CHECK_EQ(set_ldt(ldt, 512), 0);
    /* Brought in when first used; a page that is still writable cannot be. */
    CHECK_EQ(load_fs(8 | 4 | RING) != NO_TRAP, true);
    page_make_readonly(ldt);
    CHECK_EQ(load_fs(8 | 4 | RING), NO_TRAP);
    CHECK_REFUSED(page_protect(ldt, PAGE_RW));
    CHECK_EQ(update_descriptor(va_to_maddr(&ldt[2]), DATA), 0);
    CHECK_EQ(load_fs(16 | 4 | RING), NO_TRAP);
    CHECK_EQ(load_fs(0), NO_TRAP);
    CHECK_EQ(set_ldt(NULL, 0), 0);
    CHECK_EQ(load_fs(8 | 4 | RING), TRAP_GP);
    CHECK_EQ(page_protect(ldt, PAGE_RW), 0);
    CHECK_EQ(set_ldt((char *)ldt + 8, 512), -XEN_EINVAL);
    CHECK_EQ(set_ldt(ldt, 8193), -XEN_EINVAL);
}

/* A page with a descriptor that gives more than the guest has is no GDT. */
static void check_bad_page(void)
{
    static const uint64_t bad[] = {CALL_GATE, TSS, LDT_SYSTEM};

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        uint64_t *page = page_alloc();
        xen_pfn_t frame = va_to_mfn(page);

        page[511] = bad[i];
        page_make_readonly(page);
        CHECK_EQ(set_gdt(&frame, 512), -XEN_EINVAL);
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
    }
}

void test(void)
{
    gdt = page_alloc();
    ldt = page_alloc();
    check_gdt();
    check_update();
    check_ldt();
    check_bad_page();
    /* Without a GDT the frame is an ordinary page again. */
    CHECK_EQ(set_gdt(NULL, 0), 0);
    CHECK_EQ(page_protect(gdt, PAGE_RW), 0);
    CHECK_EQ(load_fs(8 | RING), TRAP_GP);
}
