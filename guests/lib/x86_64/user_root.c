#include "guest.h"

static pte_t *user_l4;

void user_root_use(void)
{
    if (!user_l4) {
        user_l4 = page_alloc();
        user_l4[0] = *entry_of(0, 4);
        page_make_readonly(user_l4);
        MUST(mmuext_mfn(MMUEXT_PIN_L4_TABLE, va_to_mfn(user_l4)));
    }
    MUST(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(user_l4)));
}

pte_t *user_root(void)
{
    return user_l4;
}

void user_segments(struct trap_frame *frame)
{
    (void)frame;
}
