/* The memory and string functions that C code and the compiler itself expect. */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "lib/types.h"

/* As ISO C and POSIX define them. */
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *hay, const char *needle);

/* Copies at most size-1 bytes and always terminates; returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

/* Parses an unsigned number (0x hex, 0 octal, else decimal); *end is the first unused character. */
uint64_t strtou64(const char *s, const char **end);

/* Clears one page. */
void clear_page(void *page);
/* Copies one page. */
void copy_page(void *dst, const void *src);

#endif
