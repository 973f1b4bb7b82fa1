/*
 * The only code that touches memory by guest addresses, with fault recovery. Addresses are checked
 * against Ringfort's range (64-bit) or the hole (32-bit). Works on `current`'s address space.
 */
#ifndef MEMORY_GUEST_COPY_H
#define MEMORY_GUEST_COPY_H

#include "lib/types.h"

/* Copies `n` bytes; true when all went. */
bool copy_from_guest(void *dst, uint64_t guest_va, size_t n);
bool copy_to_guest(uint64_t guest_va, const void *src, size_t n);
bool clear_guest(uint64_t guest_va, size_t n);
/* True when [va, va+n) lies wholly in guest space; no access is made. Overflow-safe. */
bool guest_range_ok(uint64_t guest_va, size_t n);

/* Same for the field of a structure: copies what differs only. `h` is a XEN_GUEST_HANDLE. */
#define handle_addr(h) ((uint64_t)(h).p)

#endif
