/* Another vCPU takes an LDT away under the one that runs on it (the family of advisories 242 and
 * 401 for the page's type, 298 for descriptors that were never looked at): it maps another page
 * where the table was, makes the old one writable and fills it with gates. What must hold: the page
 * that a processor's LDT shows is not writable until that vCPU has dropped it, however the address
 * is mapped by then; every page that comes in was looked at; and in the end both pages are the
 * guest's again. */
#include "guest.h"

#define DATA 0x00cf92000000ffffULL      /* DPL 0 */
#define CALL_GATE 0x00008c00e008ffffULL /* to code of the hypervisor */
#define RING (FLAT_KERNEL_SS & 3)
#define SELECTOR(index) ((index) << 3 | 4 | RING)
#define SEGMENT 0x1000U /* in what LAR gives: no gate, no system segment */
#define ROUNDS 20000
#define NONE 2

static uint64_t *pages[2];
static pte_t *leaf;
static volatile unsigned shown = NONE, writable = NONE;
static volatile bool over, gone;
static volatile unsigned both, times_shown, times_writable, remaps;

/* What the LDT says of a selector: 0 when nothing. */
static unsigned access_rights(unsigned selector)
{
    volatile unsigned rights = 0;

    CATCH({
        unsigned value = 0;

        asm volatile("lar %1, %0" : "+r"(value) : "r"(selector) : "cc");
        rights = value;
    });
    return rights;
}

static void spoil(unsigned which)
{
    volatile uint64_t *page = pages[which];

    if (page_protect(pages[which], PAGE_RW))
        return;
    writable = which;
    __sync_synchronize();
    both += shown == which;
    page[1] = CALL_GATE;
    times_writable++;
    /* It must not come in as it is now. */
    if (times_writable % 4 == 0)
        sched_op(SCHEDOP_yield, NULL);
    page[1] = DATA;
    writable = NONE;
    __sync_synchronize();
    page_protect(pages[which], PAGE_RO);
}

static void attacker(unsigned vcpu)
{
    for (unsigned n = vcpu; !over; n++) {
        remaps += entry_write(leaf, pte_make(va_to_mfn(pages[n & 1]), PAGE_RO)) == 0;
        spoil((n >> 1) & 1);
    }
    gone = true;
}

static long set_ldt(unsigned long base, unsigned entries)
{
    struct mmuext_op op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = base};

    op.arg2.nr_ents = entries;
    return mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* Each page has its number as the limit of descriptor 2. */
static unsigned page_shown(void)
{
    volatile unsigned limit = NONE;

    CATCH({
        unsigned value = NONE;

        asm volatile("lsl %1, %0" : "+r"(value) : "r"(SELECTOR(2)) : "cc");
        limit = value;
    });
    return limit;
}

static void use_once(void)
{
    unsigned rights, which;

    MUST(set_ldt(FREE_BASE, 512));
    rights = access_rights(SELECTOR(1));
    which = page_shown();
    if (rights && which < NONE) {
        shown = which;
        __sync_synchronize();
        both += writable == which;
        times_shown++;
        CHECK(rights & SEGMENT);
        CHECK_EQ(rights >> 13 & 3, RING);
        CHECK_EQ(CATCH(asm volatile("mov %0, %%fs" : : "r"(SELECTOR(1)))), NO_TRAP);
        /* Both stay as they are, whoever maps what at the table's address. */
        CHECK_EQ(page_shown(), which);
        CHECK_EQ(access_rights(SELECTOR(1)), rights);
        asm volatile("mov %0, %%fs" : : "r"(0));
    }
    shown = NONE;
    __sync_synchronize();
    MUST(set_ldt(0, 0));
}

void test(void)
{
    uint64_t limit = now() + 4 * SECOND;

    leaf = tables_for(FREE_BASE);
    for (unsigned i = 0; i < 2; i++) {
        pages[i] = page_alloc();
        pages[i][1] = DATA;
        /* Its limit, which is what LSL gives. */
        pages[i][2] = 0x0040920000000000ULL | i;
        page_make_readonly(pages[i]);
    }
    MUST(entry_write(leaf, pte_make(va_to_mfn(pages[0]), PAGE_RO)));
    MUST(vcpu_launch(1, attacker));
    for (unsigned n = 0; n < ROUNDS && now() < limit; n++)
        use_once();
    over = true;
    CHECK(WAIT_FOR(gone, 10 * SECOND));
    print("%u times an LDT, %u times writable, %u times mapped anew\n", times_shown, times_writable,
          remaps);
    CHECK(times_shown > 0);
    CHECK(times_writable > 0);
    CHECK_EQ(both, 0);
    MUST(entry_write(leaf, 0));
    for (unsigned i = 0; i < 2; i++)
        MUST(page_protect(pages[i], PAGE_RW));
}
