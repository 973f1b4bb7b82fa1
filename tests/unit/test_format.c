/* sources: hypervisor/lib/format.c */
/* Ringfort's formatter against the C library's for every conversion it knows, and truncation. */
#include <string.h>

#include "check.h"
#include "lib/printk.h"

#pragma GCC diagnostic ignored "-Wformat-security"

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char want[128], got[128];                                                                  \
        int n = snprintf(want, sizeof(want), __VA_ARGS__);                                         \
        CHECK_EQ(format(got, sizeof(got), __VA_ARGS__), n);                                        \
        CHECK(!strcmp(got, want));                                                                 \
    } while (0)

static void test_numbers(void)
{
    SAME("%d %d %d", 0, -1, 2147483647);
    SAME("%i|%5d|%-5d|%05d", 7, -42, -42, -42);
    SAME("%u %lu %llu %zu", 4294967295u, 18446744073709551615ul, 1ull, (size_t)9);
    SAME("%x %X %lx %#x %08x %#lx", 0xbeefu, 0xbeefu, 0xdeadbeefcafeul, 1u, 0x1234u, 0xffful);
    SAME("%ld %ld", -9223372036854775807l - 1, 9223372036854775807l);
    SAME("%*d", 6, 3);
}

static void test_strings(void)
{
    SAME("%s|%8s|%-8s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
    SAME("%c%c %% %5c", 'a', 'b', 'c');
    SAME("%s", "");
}

static void test_truncation(void)
{
    char buf[8];

    memset(buf, 'z', sizeof(buf));
    CHECK_EQ(format(buf, 4, "%s", "abcdef"), 6);
    CHECK(!strcmp(buf, "abc"));
    CHECK_EQ(buf[4], 'z');
    CHECK_EQ(format(buf, 0, "%d", 12345), 5);
    CHECK_EQ(buf[0], 'a');
}

int main(void)
{
    test_numbers();
    test_strings();
    test_truncation();
    return check_report();
}
