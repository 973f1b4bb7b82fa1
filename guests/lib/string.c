#include "abi.h"

void *memset(void *at, int byte, size_t size)
{
    void *result = at;

    asm volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
    return result;
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *result = to;

    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return result;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a, *y = b;

    for (; size; size--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size; size--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

uint64_t number_of(const char *text)
{
    uint64_t number = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

const char *strstr(const char *text, const char *part)
{
    for (; *text; text++)
        if (!strncmp(text, part, strlen(part)))
            return text;
    return *part ? NULL : text;
}
