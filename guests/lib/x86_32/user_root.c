#include "guest.h"

void user_root_use(void)
{
}

void user_segments(struct trap_frame *frame)
{
    if (!frame->ds)
        frame->ds = FLAT_USER_DS;
    if (!frame->es)
        frame->es = FLAT_USER_DS;
}
