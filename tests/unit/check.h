/* What every host test shares: checks that count, and the closing line that reports the counts. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <stdio.h>

/* Weak: one count for all files of a test. */
__attribute__((weak)) int checks_passed, checks_failed;

/* Counts one check; a failing one prints where and what, and the test goes on. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (cond) {                                                                                \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                              \
        }                                                                                          \
    } while (0)

/* Compares two integers or pointers of up to 64 bits and prints both values when they differ. */
#define CHECK_EQ(got, want)                                                                        \
    do {                                                                                           \
        unsigned long long got_ = (unsigned long long)(got);                                       \
        unsigned long long want_ = (unsigned long long)(want);                                     \
        if (got_ == want_) {                                                                       \
            checks_passed++;                                                                       \
        } else {                                                                                   \
            checks_failed++;                                                                       \
            printf("%s:%d: %s is %#llx, not %s = %#llx\n", __FILE__, __LINE__, #got, got_, #want,  \
                   want_);                                                                         \
        }                                                                                          \
    } while (0)

/* The last line of every test's main: `return check_report();`. Nonzero when a check failed. */
static inline int check_report(void)
{
    printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}

#endif
