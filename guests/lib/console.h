/* The console: of a domain that tools made, the ring of bytes that Domain0's console daemon reads
 * and writes; of others, Ringfort's own by hypercall. */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include "abi.h"

/* Finds out which there is. */
void console_init(void);

/* True for the ring, which nobody else writes to. */
bool console_is_own(void);

/* Writes all bytes; what a daemon that does not read leaves no room for within a second is lost. */
void console_write(const char *bytes, unsigned count);

/* Waits for a line on the ring, at most so long: its length without the newline and cut to fit,
 * with a NUL behind it; -1 when none came. */
int console_line(char *line, unsigned size, uint64_t nanoseconds);

/* Waits until the daemon has all that was written, at most a second. */
void console_flush(void);

#endif
