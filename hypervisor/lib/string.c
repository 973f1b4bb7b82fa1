/* The four memory functions that the compiler calls by itself. String instructions keep the
 * compiler from turning a loop in here into a call of the function it is in. */
#include "lib/string.h"

void *memcpy(void *dst, const void *src, size_t n)
{
    void *d = dst;

    asm volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n)::"memory");
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    void *d = dst;

    asm volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(byte) : "memory");
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;

    if (d <= s || d >= s + n)
        return memcpy(dst, src, n);
    d += n - 1;
    s += n - 1;
    asm volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n)::"memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;

    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void clear_page(void *page)
{
    size_t words = PAGE_SIZE / 8;

    asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

void copy_page(void *dst, const void *src)
{
    size_t words = PAGE_SIZE / 8;

    asm volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words)::"memory");
}
