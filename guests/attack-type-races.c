/* One vCPU makes a page writable while another one makes it a table, an LDT or a place for its
 * vcpu_info (advisories 242, 401, 408: the type was taken before or after the moment that counts).
 * What must hold: never both at once, and nothing is left of either in the end. */
#include "guest.h"

#define ROUNDS 4000

static char *page;
static volatile bool is_writable, is_table, over, gone;
static volatile unsigned both, maps, pins;

/* Each says that it holds the page after it was given, and denies it before it gives it back. */
static void writer(unsigned vcpu)
{
    pte_t *leaf = entry_of(FREE_BASE, 1);

    (void)vcpu;
    while (!over) {
        if (entry_write(leaf, pte_make(va_to_mfn(page), PAGE_RW)))
            continue;
        is_writable = true;
        __sync_synchronize();
        maps++;
        both += is_table;
        is_writable = false;
        __sync_synchronize();
        if (entry_write(leaf, 0))
            both++;
    }
    gone = true;
}

static void make_table(unsigned level)
{
    if (mmuext_mfn(MMUEXT_PIN_L1_TABLE + level, va_to_mfn(page)))
        return;
    is_table = true;
    __sync_synchronize();
    pins++;
    both += is_writable;
    is_table = false;
    __sync_synchronize();
    MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(page)));
}

static void make_ldt(void)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (unsigned long)page, .arg2.nr_ents = 512};

    /* The page's type is taken when the first selector is loaded. */
    MUST(mmuext_op(&op, 1, NULL, DOMID_SELF));
    CATCH(asm volatile("mov %0, %%fs; mov %1, %%fs" : : "r"(7), "r"(0)));
    op.arg2.nr_ents = 0;
    MUST(mmuext_op(&op, 1, NULL, DOMID_SELF));
}

void test(void)
{
    uint64_t limit = now() + 5 * SECOND;

    page = page_alloc();
    tables_for(FREE_BASE);
    page_make_readonly(page);
    MUST(vcpu_launch(1, writer));
    for (unsigned n = 0; n < ROUNDS && now() < limit; n++) {
        make_table(n % 2);
        if (n % 16 == 0)
            make_ldt();
        if (n % 64 == 0)
            sched_op(SCHEDOP_yield, NULL);
    }
    over = true;
    CHECK(WAIT_FOR(gone, 10 * SECOND));
    print("%u times a table, %u times writable\n", pins, maps);
    CHECK(pins > 0);
    CHECK(maps > 0);
    CHECK_EQ(both, 0);
    MUST(entry_write(entry_of(FREE_BASE, 1), 0));
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(page)), -XEN_EINVAL);
    MUST(page_protect(page, PAGE_RW));
    page[0] = 1;
}
