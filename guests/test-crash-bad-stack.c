/* A trap while the kernel stack cannot be written ends the domain with a message. */
#include "guest.h"

void test(void)
{
    asm volatile("mov $0x1000, " REG("sp") "; ud2" : :);
    check_abort("still running after a trap without a stack");
}
