/* Two vCPUs ask for the memory oracle at once, which stops all others: neither waits for ever for
 * the other to stop. In release builds both are told that there is none. */
#include "guest.h"

#define TIMES 12

static volatile unsigned ready;

static void ask(unsigned vcpu)
{
    bool in_order = true;

    (void)vcpu;
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    WAIT_FOR(ready == 2, 20 * SECOND);
    for (unsigned i = 0; i < TIMES; i++)
        in_order = in_order && check_recount() == 0;
    CHECK(in_order);
}

void test(void)
{
    both_run(ask);
}
