/* printf's smaller brother. Pure. */
#include "lib/printk.h"
#include "lib/string.h"

struct sink {
    char *buf;
    size_t size, len;
};

struct spec {
    bool left, zero, alt;
    unsigned width;
    int precision;  /* -1: none */
    unsigned longs; /* 0 int, 1 long and size_t, 2 long long */
};

static void put(struct sink *out, char c)
{
    if (out->len + 1 < out->size)
        out->buf[out->len] = c;
    out->len++;
}

static void put_padded(struct sink *out, const struct spec *sp, const char *prefix,
                       const char *text, size_t n)
{
    size_t used = n + strlen(prefix);
    unsigned pad = sp->width > used ? sp->width - used : 0;

    if (!sp->left && !sp->zero)
        while (pad)
            put(out, ' '), pad--;
    while (*prefix)
        put(out, *prefix++);
    if (!sp->left)
        while (pad)
            put(out, '0'), pad--;
    while (n--)
        put(out, *text++);
    while (pad)
        put(out, ' '), pad--;
}

static void put_number(struct sink *out, struct spec *sp, uint64_t value, bool negative,
                       unsigned base, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24], *p = text + sizeof(text);

    do {
        *--p = digits[value % base];
        value /= base;
    } while (value);
    if (sp->left)
        sp->zero = false;
    put_padded(out, sp, negative ? "-" : sp->alt ? "0x" : "", p, text + sizeof(text) - p);
}

static const char *parse_spec(const char *f, struct spec *sp, va_list *ap)
{
    *sp = (struct spec){.precision = -1};
    for (;; f++) {
        if (*f == '-')
            sp->left = true;
        else if (*f == '0')
            sp->zero = true;
        else if (*f == '#')
            sp->alt = true;
        else
            break;
    }
    if (*f == '*') {
        int w = va_arg(*ap, int);

        sp->width = w > 0 ? w : 0;
        f++;
    }
    while (*f >= '0' && *f <= '9')
        sp->width = sp->width * 10 + (*f++ - '0');
    if (*f == '.') {
        sp->precision = 0;
        if (*++f == '*') {
            sp->precision = va_arg(*ap, int);
            f++;
        }
        while (*f >= '0' && *f <= '9')
            sp->precision = sp->precision * 10 + (*f++ - '0');
    }
    for (; *f == 'l' || *f == 'z' || *f == 'j'; f++)
        sp->longs++;
    return f;
}

static void put_signed(struct sink *out, struct spec *sp, va_list *ap)
{
    int64_t v = sp->longs ? va_arg(*ap, long) : va_arg(*ap, int);

    put_number(out, sp, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, false);
}

static void put_unsigned(struct sink *out, struct spec *sp, va_list *ap, char conversion)
{
    uint64_t v = sp->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);

    put_number(out, sp, v, false, conversion == 'u' ? 10 : 16, conversion == 'X');
}

static void put_string(struct sink *out, struct spec *sp, const char *s)
{
    if (!s)
        s = "(null)";
    sp->zero = false;
    put_padded(out, sp, "", s, strnlen(s, sp->precision < 0 ? SIZE_MAX : (size_t)sp->precision));
}

static void put_conversion(struct sink *out, struct spec *sp, char c, va_list *ap)
{
    char one;

    switch (c) {
    case 'd':
    case 'i':
        put_signed(out, sp, ap);
        break;
    case 'u':
    case 'x':
    case 'X':
        put_unsigned(out, sp, ap, c);
        break;
    case 'p':
        put_number(out, sp, (uintptr_t)va_arg(*ap, void *), false, 16, false);
        break;
    case 's':
        put_string(out, sp, va_arg(*ap, const char *));
        break;
    case 'c':
        one = (char)va_arg(*ap, int);
        put_padded(out, sp, "", &one, 1);
        break;
    default:
        put(out, c);
    }
}

int vformat(char *buf, size_t size, const char *fmt, va_list args)
{
    struct sink out = {buf, size, 0};
    struct spec sp;
    va_list ap;

    va_copy(ap, args);
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put(&out, *fmt);
            continue;
        }
        fmt = parse_spec(fmt + 1, &sp, &ap);
        if (!*fmt)
            break;
        put_conversion(&out, &sp, *fmt, &ap);
    }
    va_end(ap);
    if (size)
        buf[out.len < size ? out.len : size - 1] = '\0';
    return (int)out.len;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vformat(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
