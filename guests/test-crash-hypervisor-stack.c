/* The same with a stack pointer into the hypervisor's addresses: nothing is written there. */
#include "guest.h"

void test(void)
{
    asm volatile("mov %0, " REG("sp") "; ud2" : : "r"(HYPERVISOR_LAST_PAGE));
    check_abort("still running after a trap with the hypervisor's stack");
}
