/* What lib/assert.h promises, for host tests: every failure of Ringfort's own stops the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"
#include "panics.h"

static jmp_buf expected;
static bool is_expected;
char panic_message[256];

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(panic_message, sizeof(panic_message), fmt, ap);
    va_end(ap);
    if (is_expected)
        longjmp(expected, 1);
    fprintf(stderr, "%s\n", panic_message);
    abort();
}

void assert_failed(const char *expr, const char *file, int line)
{
    panic("%s:%d: assertion failed: %s", file, line, expr);
}

void ensure_failed(struct domain *d, const char *expr, const char *file, int line)
{
    panic("%s:%d: a domain would be ended: %s", file, line, expr);
}

/* Refusals are what many tests ask for; they are not logged here. */
int refuse_at(int error, const char *file, int line)
{
    return error;
}

bool panics(void (*call)(void))
{
    bool panicked = setjmp(expected);

    is_expected = !panicked;
    if (!panicked)
        call();
    is_expected = false;
    return panicked;
}
