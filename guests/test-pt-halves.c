/* Stores to level-1 tables as PAE kernels make them: an entry by its two halves, the one with the
 * present bit last, or at once by CMPXCHG8B. */
#include "guest.h"

static volatile uint32_t *half;
static volatile pte_t *leaf;
static char *page;

static bool exchange(pte_t old, pte_t new)
{
    bool equal;

    asm volatile("lock cmpxchg8b %0"
                 : "+m"(*leaf), "=@ccz"(equal)
                 : "a"((uint32_t)old), "d"((uint32_t)(old >> 32)), "b"((uint32_t) new),
                   "c"((uint32_t)(new >> 32))
                 : "memory");
    return equal;
}

static void check_halves(pte_t value)
{
    CHECK_EQ(CATCH(half[1] = (uint32_t)(value >> 32)), NO_TRAP);
    CHECK_EQ(CATCH(half[0] = (uint32_t)value), NO_TRAP);
    CHECK_EQ(pte_mfn(*leaf), pte_mfn(value));
    CHECK_EQ(*leaf & (PTE_NX | PTE_RW | PTE_P), value & (PTE_NX | PTE_RW | PTE_P));
    *(volatile char *)FREE_BASE = 7;
    CHECK_EQ(page[0], 7);
    /* The present bit first makes it absent, whatever the other half says then. */
    CHECK_EQ(CATCH(half[0] = 0), NO_TRAP);
    CHECK_EQ(CATCH(half[1] = 0), NO_TRAP);
    CHECK_EQ(*leaf, 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, FREE_BASE);
    CHECK_EQ(CATCH((void)*(volatile char *)FREE_BASE), TRAP_PF);
}

static void check_exchange(pte_t value)
{
    volatile bool equal = false;

    CHECK_EQ(CATCH(equal = exchange(0, value)), NO_TRAP);
    CHECK(equal);
    *(volatile char *)FREE_BASE = 8;
    CHECK_EQ(page[0], 8);
    CHECK_EQ(CATCH(equal = exchange(0, 0)), NO_TRAP);
    CHECK(!equal);
    CHECK_EQ(pte_mfn(*leaf), pte_mfn(value));
    CHECK_EQ(CATCH(equal = exchange(*leaf, 0)), NO_TRAP);
    CHECK(equal);
    CHECK_EQ(*leaf, 0);
}

/* A present entry never changes its frame by halves to one that is not the guest's. */
static void check_refused(pte_t value)
{
    pte_t foreign = pte_make(hypervisor_mfn(), PAGE_RW), before;

    CHECK_EQ(entry_write((const pte_t *)leaf, value), 0);
    before = *leaf;
    CHECK_EQ(CATCH(half[0] = (uint32_t)foreign), TRAP_PF);
    CHECK_EQ(CATCH(half[1] = 0x7ffff), TRAP_PF);
    CHECK_EQ(*leaf & ~(PTE_A | PTE_D), before & ~(PTE_A | PTE_D));
    CHECK_EQ(entry_write((const pte_t *)leaf, 0), 0);
}

void test(void)
{
    pte_t value;

    page = page_alloc();
    leaf = tables_for(FREE_BASE);
    half = (volatile uint32_t *)leaf;
    value = pte_make(va_to_mfn(page), PAGE_RW);
    check_halves(value);
    check_halves(value | PTE_NX);
    check_exchange(value);
    check_refused(value);
}
