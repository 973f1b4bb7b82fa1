/* Text on the emergency console. */
#ifndef GUEST_PRINT_H
#define GUEST_PRINT_H

/* Prints text with %s %c %d %u %x %p %% and the modifiers l and a width with leading zeros. Longer
 * than 512 characters is cut. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
