/* Stores to page tables that mean another place than they seem to: in advisory 195 the bit number
 * of a bit test reached beyond its operand, and the hypervisor, which carried the instruction out
 * for the guest, wrote where the guest's page ended. What must hold: a store that is carried out
 * changes what the processor would have changed, checked as any update; a table above, the
 * hypervisor's memory, two entries or two pages at once, and instructions that are none of a
 * kernel's for this, are refused by the fault that they are, and nothing changes. */
#include "guest.h"

#define SLOT 3
#define ENTRY_BITS 64
#define RW_BIT 1
#define PSE_BIT 7
#define RESERVED_BIT 51
#define DISTANCE(from, to) (((long)(to) - (long)(from)) * 8)

static volatile pte_t *table; /* whose first entry is FREE_BASE's */
static char *page;

static void set_bit(volatile void *base, long bit)
{
    asm volatile("lock bts %1, (%0)" : : "r"(base), "r"(bit) : "memory", "cc");
}

static void clear_bit(volatile void *base, long bit)
{
    asm volatile("lock btr %1, (%0)" : : "r"(base), "r"(bit) : "memory", "cc");
}

static void check_neighbours(void)
{
    pte_t first = table[0], last = table[TABLE_ENTRIES - 1];
    volatile char *window = (volatile char *)(FREE_BASE + SLOT * PAGE_SIZE);

    CHECK_EQ(CATCH(set_bit(&table[0], SLOT * ENTRY_BITS + RW_BIT)), NO_TRAP);
    CHECK_EQ(table[SLOT] & PTE_RW, PTE_RW);
    window[0] = 5;
    CHECK_EQ(page[0], 5);
    CHECK_EQ(CATCH(clear_bit(&table[TABLE_ENTRIES - 1],
                             (SLOT - (long)TABLE_ENTRIES + 1) * ENTRY_BITS + RW_BIT)),
             NO_TRAP);
    CHECK_EQ(table[SLOT] & PTE_RW, 0);
    mmuext_va(MMUEXT_INVLPG_LOCAL, (unsigned long)window);
    CHECK_EQ(CATCH(window[0] = 6), TRAP_PF);
    CHECK_EQ(table[0], first);
    CHECK_EQ(table[TABLE_ENTRIES - 1], last);
    /* Out of the table into a page that may be written. */
    CHECK_EQ(CATCH(set_bit(&table[0], DISTANCE(table, page + 64))), NO_TRAP);
    CHECK_EQ(page[64], 1);
}

/* Each faults at the address that it means, and changes nothing. */
static void check_refused(void)
{
    volatile pte_t *directory = entry_of(FREE_BASE, 2);
    pte_t before = table[SLOT], above = *directory, last = table[TABLE_ENTRIES - 1];
    volatile char *limit = (volatile char *)HYPERVISOR_VIRT_START;

    CHECK_EQ(CATCH(set_bit(&table[0], SLOT * ENTRY_BITS + RESERVED_BIT)), TRAP_PF);
    CHECK_EQ(CATCH(set_bit(&table[0], DISTANCE(table, directory) + PSE_BIT)), TRAP_PF);
    CHECK_EQ(last_cr2 & ~7UL, directory);
    CHECK_EQ(CATCH(clear_bit(&table[0], DISTANCE(table, directory))), TRAP_PF);
    CHECK_EQ(CATCH(set_bit(limit - 64, 64 * 8)), TRAP_PF);
    CHECK_EQ(last_cr2, limit);
    if (ROOT_LEVEL == 4)
        CHECK_EQ(CATCH(set_bit(&table[0], DISTANCE(table, NO_ADDRESS))), TRAP_GP);
    /* Two entries, two pages. */
    CHECK_EQ(CATCH(*(volatile uint32_t *)((volatile char *)&table[SLOT] + 6) = 0), TRAP_PF);
    CHECK_EQ(CATCH(*(volatile uint32_t *)((volatile char *)&table[SLOT] - 2) = 0), TRAP_PF);
    CHECK_EQ(CATCH(*(volatile uint32_t *)((volatile char *)&table[TABLE_ENTRIES] - 2) = 0),
             TRAP_PF);
    CHECK_EQ(table[SLOT], before);
    CHECK_EQ(table[TABLE_ENTRIES - 1], last);
    CHECK_EQ(*directory, above);
}

/* A string, a vector register, a processor's state, a lock where none may be. */
static void check_others(void)
{
    static char other[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    pte_t before = table[SLOT], next = table[SLOT + 1];
    unsigned long at = (unsigned long)&table[SLOT];
    int trap;

    CHECK_EQ(CATCH({
                 unsigned long to = at, count = 4;

                 asm volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(0) : "memory");
             }),
             TRAP_PF);
    CHECK_EQ(CATCH({
                 unsigned long to = at, from = (unsigned long)other;

                 asm volatile("movsl" : "+D"(to), "+S"(from) : : "memory");
             }),
             TRAP_PF);
    CHECK_EQ(CATCH(asm volatile("movups %%xmm0, (%0)" : : "r"(at) : "memory")), TRAP_PF);
    CHECK_EQ(CATCH(asm volatile("fnstenv (%0)" : : "r"(at) : "memory")), TRAP_PF);
    /* QEMU's emulator looks at the page first. */
    trap = CATCH(asm volatile("lock; movl $0, (%0)" : : "r"(at) : "memory"));
    CHECK(trap == TRAP_UD || trap == TRAP_PF);
    CHECK_EQ(table[SLOT], before);
    CHECK_EQ(table[SLOT + 1], next);
}

void test(void)
{
    page = page_alloc();
    table = tables_for(FREE_BASE);
    MUST(entry_write((const pte_t *)&table[SLOT], pte_make(va_to_mfn(page), PAGE_RO)));
    check_neighbours();
    check_refused();
    check_others();
}
