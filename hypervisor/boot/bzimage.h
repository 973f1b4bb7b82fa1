/* Where the kernel proper lies in the file that a distribution ships. */
#ifndef BOOT_BZIMAGE_H
#define BOOT_BZIMAGE_H

#include "lib/types.h"
#include "unpack/unpack.h"

/* The kernel as it lies in the boot module. */
struct payload {
    enum payload_format format;
    const uint8_t *data;  /* compressed stream, or the ELF file itself */
    size_t size;          /* bytes at data */
    size_t unpacked_size; /* bytes of ELF file that come out; equals size for PAYLOAD_ELF */
};

enum bzimage_result {
    BZIMAGE_OK,
    BZIMAGE_NOT_A_KERNEL,   /* neither ELF nor a Linux boot image */
    BZIMAGE_OLD_PROTOCOL,   /* boot protocol before 2.08 does not tell where the payload is */
    BZIMAGE_TRUNCATED,      /* header or payload reaches past the end of the module */
    BZIMAGE_UNKNOWN_FORMAT, /* payload is compressed with something else */
};

/* A sentence part for messages; never NULL. */
const char *bzimage_message(enum bzimage_result result);

/* Finds the kernel in the `size` bytes at `image`: a bzImage's payload, or `image` itself when it
 * is an ELF file. Fills *payload on success only; it points into `image`. Sizes are the file's
 * claims: unpacked_size is below 4 GiB and otherwise unchecked. Reads within `image` only, takes no
 * lock. Source: the Linux/x86 boot protocol, as laid down in <asm/bootparam.h>. */
enum bzimage_result bzimage_payload(const void *image, size_t size, struct payload *payload);

/* Unpacks a payload that is not PAYLOAD_ELF into `dst`, which has room for payload->unpacked_size
 * bytes; fewer or more are an error. `arena` as for unpack(). */
enum unpack_result bzimage_unpack(const struct payload *payload, void *dst, struct arena *arena);

#endif
