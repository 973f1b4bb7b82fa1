/* A domain that asks for all memory gets what there is and then a smaller count, never an error
 * that it could not tell from damage; what it gives back can be had again, zeroed. */
#include "guest.h"

#define BATCH 512

static xen_pfn_t list[BATCH];

static long batch(unsigned cmd, unsigned count)
{
    struct xen_memory_reservation r = {.nr_extents = count, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, list);
    return memory_op(cmd, &r);
}

/* As many frames as there are: how many came. The last batch's are in the list. */
static unsigned long take_all(long *last)
{
    unsigned long taken = 0;

    do {
        *last = batch(XENMEM_increase_reservation, BATCH);
        REQUIRE(*last >= 0 && *last <= BATCH);
        taken += (unsigned long)*last;
    } while (*last == BATCH);
    return taken;
}

void test(void)
{
    domid_t self = DOMID_SELF;
    long before = memory_op(XENMEM_current_reservation, &self), last;
    unsigned long taken = take_all(&last);

    print("%lu frames more, %ld in the last batch\n", taken, last);
    CHECK_EQ(memory_op(XENMEM_current_reservation, &self), before + (long)taken);
    CHECK_EQ(batch(XENMEM_increase_reservation, 1), 0);
    /* The machine goes on. */
    CHECK_EQ(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
    tables_for(FREE_BASE);
    /* Some of the domain's own, dirty, go and come back clean. (Xen spares its Domain0 that.) */
    for (unsigned i = 0; i < 64; i++) {
        list[i] = pfn_to_mfn(spare_pfn());
        MUST(map_at(FREE_BASE, list[i], PAGE_RW));
        memset((void *)FREE_BASE, 0xee, PAGE_SIZE);
        MUST(map_at(FREE_BASE, 0, 0));
    }
    CHECK_EQ(batch(XENMEM_decrease_reservation, 64), 64);
    REQUIRE(batch(XENMEM_increase_reservation, 64) > 0);
    for (unsigned i = 0; i < 64; i++) {
        unsigned dirty = 0;

        MUST(map_at(FREE_BASE, list[i], PAGE_RO));
        for (unsigned word = 0; word < PAGE_SIZE / 8; word++)
            dirty += ((unsigned long *)FREE_BASE)[word] != 0;
        CHECK_EQ(dirty, 0);
        MUST(map_at(FREE_BASE, 0, 0));
    }
}
