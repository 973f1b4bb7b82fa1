/* Checks that count. A failing one says where and what, and the test goes on. */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include "abi.h"

#define CHECK(condition) check_true((condition), __FILE__, __LINE__, #condition)

/* Compares two numbers as signed longs, so that error codes print as such, or as what is longer. */
#define CHECK_EQ(got, want)                                                                        \
    check_equal(CHECK_NUMBER(got), CHECK_NUMBER(want), __FILE__, __LINE__, #got, #want)
#define CHECK_NUMBER(value)                                                                        \
    ((long long)__builtin_choose_expr(sizeof(value) > sizeof(long), (value), (long)(value)))

/* What Ringfort refuses in one way, -EINVAL. Xen's words for some of it are -EBUSY, -EPERM
 * and -ENXIO, which only another hypervisor may say. */
#define CHECK_REFUSED(call) check_refusal((call), __FILE__, __LINE__, #call)
bool is_refusal(long result);

/* Ends the test at once when `condition` does not hold: nothing that follows would make sense. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!CHECK(condition))                                                                     \
            check_end();                                                                           \
    } while (0)

bool check_true(bool holds, const char *file, int line, const char *text);
bool check_equal(long long got, long long want, const char *file, int line, const char *text,
                 const char *wanted);

bool check_refusal(long got, const char *file, int line, const char *text);

/* Presses Domain0's debug key O: a debug build of Ringfort counts all frames anew, and panics when
 * a count is wrong. Others know the key as something harmless, or not at all. The call's result. */
long check_recount(void);

/* Prints how many checks there were and the verdict, and switches the machine off. */
void __attribute__((noreturn)) check_end(void);

/* As check_end, with the verdict that the test failed for this reason. */
void __attribute__((noreturn)) check_abort(const char *reason);

#endif
