/* A return to user mode without a user root ends the domain with a message. (A 32-bit kernel has
 * one root for both modes.) */
#include "guest.h"

void test(void)
{
    struct trap_frame frame = {
        .rip = 0x1000, .cs = FLAT_USER_CS64, .rflags = 0x202, .rsp = 0x2000, .ss = FLAT_USER_SS};

    CHECK_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    user_run_frame(&frame, 0);
    check_abort("user mode without a root");
}
