/* Stores of the guest's own to its page tables: those to L1 are checked and carried out, with every
 * instruction that a kernel uses for them; to higher levels, across entries and with bad values
 * they fault, and nothing changes. (32-bit kernels have no store of 8 bytes but CMPXCHG8B:
 * test-pt-halves.) */
#include "guest.h"

static volatile pte_t *leaf;
static pte_t ro, rw;
static char *page;

/* Whether the leaf is this in all that the guest chose (the hypervisor may add to the rest). */
static bool leaf_is(pte_t value)
{
    uint64_t chosen = PTE_FRAME | PTE_P | PTE_RW | PTE_A | PTE_D;

    return (*leaf & chosen) == (value & chosen);
}

static void check_plain(void)
{
    CHECK_EQ(CATCH(*leaf = rw), NO_TRAP);
    CHECK(leaf_is(rw));
    *(volatile char *)FREE_BASE = 7;
    CHECK_EQ(page[0], 7);
    CHECK_EQ(CATCH(*leaf = ro), NO_TRAP);
    CHECK(leaf_is(ro));
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH(*(volatile char *)FREE_BASE = 1), TRAP_PF);
    CHECK_EQ(CATCH(asm volatile("movq $0, %0" : "=m"(*leaf))), NO_TRAP);
    CHECK_EQ(*leaf, 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH((void)*(volatile char *)FREE_BASE), TRAP_PF);
}

static void check_exchange(void)
{
    pte_t value = rw, expected = 0;
    bool equal;

    *leaf = 0;
    CHECK_EQ(CATCH(asm volatile("xchg %0, %1" : "+r"(value), "+m"(*leaf))), NO_TRAP);
    CHECK_EQ(value, 0);
    CHECK(leaf_is(rw));

    /* Not equal: the old value comes back and nothing changes. */
    CHECK_EQ(CATCH(asm volatile("lock cmpxchg %3, %1"
                                : "+a"(expected), "+m"(*leaf), "=@ccz"(equal)
                                : "r"(ro))),
             NO_TRAP);
    CHECK_EQ(equal, 0);
    CHECK_EQ(expected, *leaf);
    CHECK_EQ(CATCH(asm volatile("lock cmpxchg %3, %1"
                                : "+a"(expected), "+m"(*leaf), "=@ccz"(equal)
                                : "r"(ro))),
             NO_TRAP);
    CHECK_EQ(equal, 1);
    CHECK(leaf_is(ro));
    *leaf = 0;
}

static void check_bits(void)
{
    bool carry;

    *leaf = rw;
    CHECK_EQ(CATCH(asm volatile("lock andb $0xfd, %0" : "+m"(*leaf))), NO_TRAP);
    CHECK(leaf_is(ro));
    CHECK_EQ(CATCH(asm volatile("lock orb $2, %0" : "+m"(*leaf))), NO_TRAP);
    CHECK(leaf_is(rw));
    CHECK_EQ(CATCH(asm volatile("lock andq %1, %0" : "+m"(*leaf) : "r"(~PTE_RW))), NO_TRAP);
    CHECK(leaf_is(ro));
    CHECK_EQ(CATCH(asm volatile("lock orq %1, %0" : "+m"(*leaf) : "r"(PTE_RW))), NO_TRAP);
    CHECK(leaf_is(rw));
    CHECK_EQ(CATCH(asm volatile("lock btrq $1, %0" : "+m"(*leaf), "=@ccc"(carry))), NO_TRAP);
    CHECK_EQ(carry, 1);
    CHECK(leaf_is(ro));
    CHECK_EQ(CATCH(asm volatile("lock btsq $1, %0" : "+m"(*leaf), "=@ccc"(carry))), NO_TRAP);
    CHECK_EQ(carry, 0);
    CHECK(leaf_is(rw));
    CHECK_EQ(CATCH(asm volatile("lock btrq %1, %0" : "+m"(*leaf) : "r"(5UL))), NO_TRAP);
    CHECK(leaf_is(rw & ~PTE_A));
    *leaf = 0;
}

static void check_refused(void)
{
    pte_t self = pte_make(va_to_mfn((void *)((uintptr_t)leaf & ~(PAGE_SIZE - 1))), PAGE_RW);
    volatile pte_t *directory = entry_of(FREE_BASE, 2);
    pte_t before = *directory;

    *leaf = ro;
    CHECK_EQ(CATCH(*leaf = self), TRAP_PF);
    CHECK_EQ(last_cr2, leaf);
    CHECK_EQ(last_trap.error, PF_PRESENT | PF_WRITE);
    CHECK(leaf_is(ro));
    CHECK_EQ(CATCH(*leaf = pte_make(hypervisor_mfn(), PAGE_RW)), TRAP_PF);
    CHECK(leaf_is(ro));
    CHECK_EQ(CATCH(*leaf = rw | 1UL << 51), TRAP_PF);
    CHECK(leaf_is(ro));
    /* Across two entries. */
    CHECK_EQ(CATCH(*(volatile uint64_t *)((uintptr_t)leaf + 4) = 0), TRAP_PF);
    CHECK(leaf_is(ro));
    /* Higher levels are for hypercalls. */
    CHECK_EQ(CATCH(*directory = before), TRAP_PF);
    CHECK_EQ(CATCH(asm volatile("lock andb $0xff, %0" : "+m"(*directory))), TRAP_PF);
    for (unsigned level = 3; level <= 4; level++)
        CHECK_EQ(CATCH(*(volatile pte_t *)entry_of(FREE_BASE, level) = 0), TRAP_PF);
    CHECK_EQ(*directory, before);
    *leaf = 0;
}

void test(void)
{
    page = page_alloc();
    leaf = tables_for(FREE_BASE);
    ro = pte_make(va_to_mfn(page), PAGE_RO);
    rw = pte_make(va_to_mfn(page), PAGE_RW);
    check_plain();
    check_exchange();
    check_bits();
    check_refused();
}
