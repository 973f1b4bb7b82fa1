/* Formatted output to the console ring and the console back ends. */
#ifndef LIB_PRINTK_H
#define LIB_PRINTK_H

#include <stdarg.h>

#include "lib/types.h"

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Prints one message at a level; conversions %d %i %u %x %X %p %s %c %% with l, ll, z, width, 0 and
 * -, precision for %s. Callable from any context, NMI and panic included. Guest-triggerable
 * messages must use guest_log(), which is rate-limited. */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...) log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

struct domain;

/* As log_at, prefixed "(dN) ", at most ten messages a second for all guests together. */
void guest_log(const struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Bounded formatting; returns the length the full text would have. */
int format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vformat(char *buf, size_t size, const char *fmt, va_list ap);

#endif
