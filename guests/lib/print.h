/* Formatted text. Known: %s %c %d %u %x %p %%, with a width padded by zeros and with l or ll. */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

/* Writes at most 512 bytes to the console. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text, at most 255 bytes, in one of eight buffers that take turns: for names and paths. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
