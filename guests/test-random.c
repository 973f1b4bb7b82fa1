/* Random calls, most of them wrong, do no harm: page-table updates and pins on tables made for the
 * purpose, reservations, grants, events, descriptors, registers. Afterwards the pages used are
 * given back in good order and the guest still works. The seed is the command line's, or always the
 * same. */
#include "guest.h"

#define ROUNDS 20000
#define PAGES 24
#define FIRST 8 /* of the entries to play with in the tables */

static char *pages[PAGES];
static pte_t *tables[ROOT_LEVEL + 1]; /* by level, a tree of its own at FREE_BASE */
static uint64_t seed = 1;
static char *buffer;
static unsigned accepted;

static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned below(unsigned n)
{
    return (unsigned)(any() >> 20) % n;
}

static mfn_t some_mfn(void)
{
    switch (below(10)) {
    case 0:
        return hypervisor_mfn();
    case 1:
        return (mfn_t)(any() >> below(64));
    case 2:
    case 3:
        return va_to_mfn(tables[1 + below(ROOT_LEVEL - 1)]);
    default:
        return va_to_mfn(pages[below(PAGES)]);
    }
}

static pte_t some_entry(void)
{
    static const uint64_t bits[] = {0,          PAGE_RO,           PAGE_RW, TABLE_BITS,
                                    TABLE_BITS, PAGE_RW | PTE_PSE, PTE_P,   PAGE_RO | PTE_G};
    pte_t pte = pte_make((mfn_t)(some_mfn() & 0xffffffffffULL), bits[below(8)]);

    return below(20) ? pte : pte ^ 1ULL << below(64);
}

/* Never the entries that this guest itself lives by. */
static long random_update(void)
{
    static const unsigned commands[] = {MMU_NORMAL_PT_UPDATE, MMU_NORMAL_PT_UPDATE,
                                        MMU_PT_UPDATE_PRESERVE_AD};
    char *where =
        below(4) ? (char *)&tables[1 + below(ROOT_LEVEL - 1)][FIRST] : pages[below(PAGES)];

    return mmu_update_one((va_to_maddr(where) + 8 * below(8)) | commands[below(3)], some_entry());
}

static long random_extended(void)
{
    static const unsigned commands[] = {
        MMUEXT_PIN_L1_TABLE,    MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
        MMUEXT_UNPIN_TABLE,     MMUEXT_UNPIN_TABLE,  MMUEXT_CLEAR_PAGE,   MMUEXT_NEW_USER_BASEPTR,
        MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_LOCAL,
    };
    struct mmuext_op op = {.cmd = commands[below(10)], .arg1.mfn = some_mfn()};

    return mmuext_op(&op, 1, NULL, below(20) ? DOMID_SELF : below(0x8000));
}

static long random_protect(void)
{
    char *page = pages[below(PAGES)];

    return page_protect(page, below(2) ? PAGE_RW : PAGE_RO);
}

static long random_descriptor(void)
{
    xen_pfn_t frame = some_mfn();

    if (below(2))
        return set_gdt(&frame, below(600));
    return update_descriptor(va_to_maddr(pages[below(PAGES)]) + 8 * below(8), any());
}

static long random_pointer_call(void)
{
    static const unsigned long bad[] = {
        0, 0x1000, NO_ADDRESS, HYPERVISOR_VIRT_START, HYPERVISOR_LAST_PAGE, ~0UL, ~0UL - 4096};
    static const unsigned calls[] = {
        __HYPERVISOR_mmu_update,  __HYPERVISOR_mmuext_op,      __HYPERVISOR_memory_op,
        __HYPERVISOR_multicall,   __HYPERVISOR_grant_table_op, __HYPERVISOR_event_channel_op,
        __HYPERVISOR_xen_version, __HYPERVISOR_sched_op + 100, __HYPERVISOR_domctl,
        __HYPERVISOR_sysctl,
    };
    unsigned long pointer = bad[below(7)];
    unsigned op = calls[below(10)];

    if (op == __HYPERVISOR_mmu_update || op == __HYPERVISOR_mmuext_op ||
        op == __HYPERVISOR_multicall)
        return hypercall4(op, pointer, below(5), pointer, DOMID_SELF);
    return hypercall3(op, below(40), pointer, below(5));
}

static long random_grant(void)
{
    uint64_t *word = (uint64_t *)buffer;

    for (unsigned i = 0; i < 32; i++)
        word[i] = below(3) ? below(16) : any();
    return grant_table_op(below(13), buffer, below(3));
}

static long random_event(void)
{
    uint32_t *word = (uint32_t *)buffer;

    for (unsigned i = 0; i < 16; i++)
        word[i] = below(4) ? below(64) : (uint32_t)any();
    return event_channel_op(below(16), buffer);
}

static long random_register(void)
{
    switch (below(4)) {
    case 0:
        return set_debugreg((int)below(4), (unsigned long)any());
    case 1:
        /* The GS base of applications, at 64 bits. */
        return hypercall2(__HYPERVISOR_set_segment_base, 1, (unsigned long)any());
    case 2:
        return stack_switch(FLAT_KERNEL_SS, (unsigned long)any());
    default:
        return fpu_taskswitch((int)below(2));
    }
}

static long random_call(void)
{
    switch (below(12)) {
    case 0 ... 3:
        return random_update();
    case 4 ... 5:
        return random_extended();
    case 6:
        return random_protect();
    case 7:
        return random_descriptor();
    case 8:
        return random_pointer_call();
    case 9:
        return random_grant();
    case 10:
        return random_event();
    default:
        return random_register();
    }
}

/* Gives everything back that a call may have made of the pages. */
static void clean(void)
{
    unsigned bad = 0;

    set_gdt(NULL, 0);
    mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0);
    for (unsigned level = ROOT_LEVEL - 1; level >= 1; level--)
        for (unsigned i = FIRST; i < FIRST + 8; i++)
            MUST(entry_write(&tables[level][i], 0));
    for (unsigned i = 0; i < PAGES; i++)
        mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(pages[i]));
    for (unsigned level = 1; level < ROOT_LEVEL; level++)
        mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(tables[level]));
    for (unsigned i = 0; i < PAGES; i++)
        bad += page_protect(pages[i], PAGE_RW) != 0;
    CHECK_EQ(bad, 0);
}

void test(void)
{
    for (const int8_t *c = start_info->cmd_line; *c >= '0' && *c <= '9'; c++)
        seed = seed * 10 + (uint64_t)(*c - '0');
    buffer = page_alloc();
    tables_for(FREE_BASE);
    for (unsigned level = 1; level < ROOT_LEVEL; level++)
        tables[level] = mfn_to_va(pte_mfn(*entry_of(FREE_BASE, level + 1)));
    for (unsigned i = 0; i < PAGES; i++)
        pages[i] = page_alloc();
    for (unsigned i = 0; i < ROUNDS; i++)
        accepted += random_call() >= 0;
    print("%u of %u calls accepted\n", accepted, ROUNDS);
    CHECK(accepted > ROUNDS / 20);
    CHECK(accepted < ROUNDS);
    clean();
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
}
