/* Ringfort's own hypercall, for programs in Domain0. All of these end the program with a message
 * when there is no Ringfort to talk to. */
#ifndef TOOLS_CALL_H
#define TOOLS_CALL_H

#include <stddef.h>

#include "interface/ringfort.h"

extern const char *program; /* its name, for messages */

enum { EXIT_USAGE = 2 };

/* Prints "program: message" and, unless `error` is 0, what that error number means; ends with
 * status 1. */
void die(int error, const char *message, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* Opens the way to the hypervisor and makes sure that it is Ringfort, of this interface. */
void ringfort_open(void);

/* Makes the call with a copy of the structure of `size` bytes, whose first member is the version
 * (filled in here), and copies it back. 0, or an error number (positive). */
int ringfort_op(unsigned op, void *argument, size_t size);

/* Memory that the hypervisor can write to, until the program ends. */
void *ringfort_buffer(size_t size);

#endif
