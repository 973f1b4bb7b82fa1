/* A trap without a handler ends the domain with a message, and nothing else. */
#include "guest.h"

void test(void)
{
    CHECK_EQ(set_trap_table(NULL), 0);
    asm volatile("ud2");
    check_abort("still running after a trap without a handler");
}
