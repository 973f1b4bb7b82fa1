/* sources: */
/* Selectors that guests choose, before they get into a frame that Ringfort returns by. */
#include "check.h"
#include "x86/selector.h"

/* Whatever a 32-bit guest names, it is not ring 0, and CS is not the one that SYSRET is used for.
 */
static void narrow(void)
{
    for (unsigned s = 0; s <= 0xffff; s++) {
        uint16_t stack = kernel_selector(true, s), code = code_selector(true, s);

        if ((stack & 3) == 0 || (stack & ~3) != (s & ~3u))
            CHECK_EQ(stack, s);
        if ((code & 3) == 0 || code == FLAT_CS64 || ((code & ~3) != (s & ~3u) && code & ~3))
            CHECK_EQ(code, s);
    }
    CHECK_EQ(code_selector(true, 0xe019), 0xe019);
    CHECK_EQ(code_selector(true, 0xe018), 0xe019);
    CHECK_EQ(code_selector(true, 0xe02b), 0xe02b);
    CHECK_EQ(code_selector(true, 0xe030), 3);
    CHECK_EQ(code_selector(true, 0xe033), 3);
    /* In its own table the same number is something else. */
    CHECK_EQ(code_selector(true, 0xe037), 0xe037);
    CHECK(selector_is_users(0xe02b));
    CHECK(!selector_is_users(0xe019));
}

static void wide(void)
{
    for (unsigned s = 0; s <= 0xffff; s += 0x21) {
        CHECK_EQ(kernel_selector(false, s), s | 3);
        CHECK_EQ(code_selector(false, s), s | 3);
    }
}

int main(void)
{
    narrow();
    wide();
    return check_report();
}
