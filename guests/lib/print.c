#include "print.h"

#include <stdarg.h>

#include "console.h"

struct buffer {
    char *at;
    unsigned size, used;
};

static void put(struct buffer *b, char c)
{
    if (b->used < b->size)
        b->at[b->used++] = c;
}

static void put_number(struct buffer *b, uint64_t value, unsigned base, unsigned width)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    for (; width > count; width--)
        put(b, '0');
    while (count)
        put(b, digits[--count]);
}

static void put_signed(struct buffer *b, int64_t value, unsigned width)
{
    if (value < 0)
        put(b, '-');
    put_number(b, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width);
}

/* The argument of a conversion with so many l before it. */
#define UNSIGNED_ARGUMENT(list, longs)                                                             \
    ((longs) > 1 ? va_arg(list, unsigned long long)                                                \
     : (longs)   ? va_arg(list, unsigned long)                                                     \
                 : va_arg(list, unsigned))
#define SIGNED_ARGUMENT(list, longs)                                                               \
    ((longs) > 1 ? va_arg(list, long long) : (longs) ? va_arg(list, long) : va_arg(list, int))

static void put_string(struct buffer *b, const char *string)
{
    while (*string)
        put(b, *string++);
}

static void put_format(struct buffer *b, const char *format, va_list list)
{
    for (; *format; format++) {
        unsigned width = 0, longs = 0;

        if (*format != '%') {
            put(b, *format);
            continue;
        }
        for (format++; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (unsigned)(*format - '0');
        for (; *format == 'l'; format++)
            longs++;
        switch (*format) {
        case 's':
            put_string(b, va_arg(list, const char *));
            break;
        case 'c':
            put(b, (char)va_arg(list, int));
            break;
        case 'd':
            put_signed(b, SIGNED_ARGUMENT(list, longs), width);
            break;
        case 'u':
            put_number(b, UNSIGNED_ARGUMENT(list, longs), 10, width);
            break;
        case 'x':
            put_number(b, UNSIGNED_ARGUMENT(list, longs), 16, width);
            break;
        case 'p':
            put_number(b, (uintptr_t)va_arg(list, void *), 16, 2 * sizeof(void *));
            break;
        default:
            put(b, *format);
        }
    }
}

void print(const char *format, ...)
{
    char line[512];
    struct buffer b = {line, sizeof(line), 0};
    va_list list;

    va_start(list, format);
    put_format(&b, format, list);
    va_end(list);
    console_write(line, b.used);
}

const char *text(const char *format, ...)
{
    static char buffers[8][256];
    static unsigned next;
    char *to = buffers[__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % ARRAY_SIZE(buffers)];
    struct buffer b = {to, sizeof(buffers[0]) - 1, 0};
    va_list list;

    va_start(list, format);
    put_format(&b, format, list);
    va_end(list);
    to[b.used] = '\0';
    return to;
}
