/* Two vCPUs ask for the memory oracle at once, which stops all others: neither waits for ever for
 * the other to stop. In release builds both are told that there is none. */
#include "guest.h"

#define TIMES 12

static volatile unsigned ready;
static volatile bool other_done;

static void ask(void)
{
    bool in_order = true;

    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    WAIT_FOR(ready == 2, 20 * SECOND);
    for (unsigned i = 0; i < TIMES; i++)
        in_order = in_order && check_recount() == 0;
    CHECK(in_order);
}

static void second(unsigned vcpu)
{
    (void)vcpu;
    ask();
    other_done = true;
    while (other_done)
        asm volatile("pause" : : : "memory");
}

void test(void)
{
    REQUIRE(vcpu_count() == 2);
    MUST(vcpu_launch(1, second));
    ask();
    REQUIRE(WAIT_FOR(other_done, 20 * SECOND));
}
