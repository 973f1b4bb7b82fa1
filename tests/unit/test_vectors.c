/* sources: hypervisor/x86/vectors.c tests/host/panic.c */
/* Vector tables: none given twice, none that a guest uses, none forgotten. */
#include "check.h"
#include "x86/cpu.h"
#include "x86/vectors.h"

#define USABLE (VEC_LAST_DEVICE - VEC_FIRST_DEVICE + 1 - 2)

static void test_exhaustion(void)
{
    bool seen[256] = {false};
    unsigned repeated = 0;

    for (unsigned i = 0; i < USABLE; i++) {
        uint8_t vector = vector_alloc(3, 1000 + i);

        repeated += seen[vector];
        seen[vector] = true;
        CHECK(vector >= VEC_FIRST_DEVICE && vector <= VEC_LAST_DEVICE);
        CHECK_EQ(vector_irq(3, vector), 1000 + i);
    }
    CHECK_EQ(repeated, 0);
    CHECK(!seen[VEC_LINUX_SYSCALL] && !seen[VEC_HYPERCALL]);
    CHECK_EQ(vector_alloc(3, 5), 0);
    CHECK_EQ(vector_irq(4, VEC_FIRST_DEVICE), NO_IRQ);
    CHECK(vector_alloc(4, 5) != 0);

    vector_free(3, 0x77);
    CHECK_EQ(vector_irq(3, 0x77), NO_IRQ);
    CHECK_EQ(vector_alloc(3, 6), 0x77);
    CHECK_EQ(vector_irq(3, 0x77), 6);
}

static void test_limits(void)
{
    uint8_t first, second;

    for (unsigned vector = 0; vector < 256; vector++)
        CHECK_EQ(vector_irq(7, vector), NO_IRQ);
    first = vector_alloc(7, 0);
    CHECK_EQ(vector_irq(7, first), 0);
    vector_free(7, first);
    vector_free(7, 0);
    /* A vector just given back rests. */
    second = vector_alloc(7, 0xfffe);
    CHECK(second != first);
    CHECK_EQ(vector_irq(7, second), 0xfffe);
}

int main(void)
{
    test_exhaustion();
    test_limits();
    return check_report();
}
