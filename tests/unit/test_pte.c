/* sources: hypervisor/memory/pte.c */
#include "check.h"
#include "memory/pte.h"

static void leaves_of_64_bit_guests(void)
{
    uint64_t kernel = pte_make(mfn(5), PTE_PRESENT | PTE_WRITE);
    uint64_t user = kernel | PTE_USER;

    CHECK_EQ(pte_complete_leaf(kernel, false, true), kernel | PTE_USER | PTE_KERNEL);
    CHECK_EQ(pte_complete_leaf(user, false, true), user | PTE_GLOBAL);
    CHECK_EQ(pte_complete_leaf(user, false, false), user);
    /* Read back and written again, nothing changes. */
    CHECK_EQ(pte_complete_leaf(kernel | PTE_USER | PTE_KERNEL, false, true),
             kernel | PTE_USER | PTE_KERNEL);
    CHECK_EQ(pte_complete_leaf(user | PTE_GLOBAL, false, true), user | PTE_GLOBAL);
    /* A guest's own GLOBAL on a kernel page would survive the change of base pointers. */
    CHECK_EQ(pte_complete_leaf(kernel | PTE_GLOBAL, false, true), kernel | PTE_USER | PTE_KERNEL);
    CHECK_EQ(pte_complete_leaf(user | PTE_GLOBAL, false, false), user);
}

static void leaves_of_32_bit_guests(void)
{
    uint64_t kernel = pte_make(mfn(5), PTE_PRESENT | PTE_WRITE);

    CHECK_EQ(pte_complete_leaf(kernel | PTE_GLOBAL, true, true), kernel);
    CHECK_EQ(pte_complete_leaf(kernel | PTE_USER | PTE_KERNEL, true, true), kernel | PTE_USER);
}

static void tables(void)
{
    uint64_t e = pte_make(mfn(7), PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);

    CHECK(pte_table_ok(e, false));
    CHECK(pte_table_ok(e | PTE_NX | PTE_AVAIL, false));
    CHECK(!pte_table_ok(e | PTE_LARGE, false));
    CHECK(!pte_table_ok(e | PTE_GLOBAL, false));
    CHECK(!pte_table_ok(e | PTE_NX, true));
    CHECK(!pte_table_ok(e | PTE_LARGE, true));
    CHECK_EQ(pte_complete_table(e, false, false), e | PTE_USER);
    CHECK(pte_table_ok(pte_complete_table(pte_make(mfn(7), PTE_PRESENT), true, true), true));
}

static void indices(void)
{
    CHECK_EQ(pte_index(UINT64_C(0xffff800000000000), 4), 256);
    CHECK_EQ(pte_index(UINT64_C(0xffffffff80000000), 4), 511);
    CHECK_EQ(pte_index(UINT64_C(0xffffffff80000000), 3), 510);
    CHECK_EQ(pte_index(UINT64_C(0x201000), 2), 1);
    CHECK_EQ(pte_index(UINT64_C(0x201000), 1), 1);
    CHECK_EQ(pte_mfn(pte_make(mfn(0x123456), PTE_NX | PTE_AVAIL_HIGH | 0xfff)).n, 0x123456);
}

int main(void)
{
    leaves_of_64_bit_guests();
    leaves_of_32_bit_guests();
    tables();
    indices();
    return check_report();
}
