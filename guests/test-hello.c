/* A guest starts, prints, and can switch the machine off. */
#include "guest.h"

void test(void)
{
    print("hello from a guest with %lu pages\n", start_info->nr_pages);
    CHECK(start_info->nr_pages > 0);
}
