/* sources: tests/host/panic.c */
/* What the processor is told of a guest's DR7. */
#include "check.h"
#include "x86/debugreg.h"

#define ON(i) (UINT64_C(3) << 2 * (i))
#define KIND(i, kind) ((uint64_t)(kind) << (16 + 4 * (i)))
#define EXECUTE 0
#define WRITE 1
#define IN_OUT 2
#define ACCESS 3

int main(void)
{
    const uint64_t others = DR7_RESET | ON(1) | ON(2) | KIND(1, ACCESS) | KIND(2, WRITE);

    CHECK_EQ(debugreg_real_dr7(DR7_RESET), DR7_RESET);
    CHECK_EQ(debugreg_real_dr7(others | ON(0) | KIND(0, EXECUTE)), others | ON(0));
    /* I/O breakpoints would be Ringfort's own. */
    for (unsigned i = 0; i < 4; i++) {
        uint64_t io = DR7_RESET | KIND(i, IN_OUT);

        CHECK_EQ(debugreg_real_dr7(io | ON(i)), io);
        CHECK_EQ(debugreg_real_dr7(io | UINT64_C(1) << 2 * i), io);
    }
    CHECK_EQ(debugreg_real_dr7(others | ON(0) | KIND(0, IN_OUT) | ON(3) | KIND(3, IN_OUT)),
             others | KIND(0, IN_OUT) | KIND(3, IN_OUT));
    return check_report();
}
