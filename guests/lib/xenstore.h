/* A client of XenStore, the tree of names in which Domain0 and its guests find each other's
 * devices. One vCPU only; relative paths begin at the domain's own place. */
#ifndef GUEST_XENSTORE_H
#define GUEST_XENSTORE_H

#include "abi.h"

/* Values of "state" in a device's place, on both sides. */
#include <xen/io/xenbus.h>

/* The value at a path, valid until the next call here; NULL when there is none. */
const char *xenstore_read(const char *path);

/* The same as a number; `otherwise` when there is none. */
uint64_t xenstore_number(const char *path, uint64_t otherwise);

/* Whether the store took the value. */
bool xenstore_write(const char *path, const char *value);

/* Waits until the number at a path is `wanted`, at most so long: whether it is. */
bool xenstore_wait(const char *path, uint64_t wanted, uint64_t nanoseconds);

#endif
