/* What lib/assert.h promises, for host tests: every failure of Ringfort's own stops the test. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
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
