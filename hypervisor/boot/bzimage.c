#include "boot/bzimage.h"

#include <asm/bootparam.h>

#include "lib/string.h"

#define HEADER_OFFSET offsetof(struct boot_params, hdr)
#define HEADER_MAGIC 0x53726448u /* "HdrS" */
#define BOOT_FLAG 0xaa55u
#define PROTOCOL_WITH_PAYLOAD 0x0208u

#define SECTOR_SIZE 512u
#define SETUP_SECTORS_IF_ZERO 4u

/* Linux's build puts the unpacked size behind the compressed stream and counts it as payload; for
 * gzip it is the stream's own last word. */
#define TRAILER_SIZE 4u

const char *bzimage_message(enum bzimage_result result)
{
    switch (result) {
    case BZIMAGE_OK:
        return "no error";
    case BZIMAGE_NOT_A_KERNEL:
        return "neither an ELF file nor a Linux bzImage";
    case BZIMAGE_OLD_PROTOCOL:
        return "bzImage older than boot protocol 2.08";
    case BZIMAGE_TRUNCATED:
        return "bzImage ends too early";
    case BZIMAGE_UNKNOWN_FORMAT:
        return "bzImage's payload is in an unknown compression format";
    }
    return "unknown error";
}

static enum bzimage_result read_setup_header(const uint8_t *image, size_t size,
                                             struct setup_header *header)
{
    if (size < HEADER_OFFSET + sizeof(*header))
        return BZIMAGE_NOT_A_KERNEL;
    memcpy(header, image + HEADER_OFFSET, sizeof(*header));
    if (header->boot_flag != BOOT_FLAG || header->header != HEADER_MAGIC)
        return BZIMAGE_NOT_A_KERNEL;
    if (header->version < PROTOCOL_WITH_PAYLOAD)
        return BZIMAGE_OLD_PROTOCOL;
    return BZIMAGE_OK;
}

/* Takes the bytes that the header calls payload apart into stream and size. */
static enum bzimage_result split_payload(const uint8_t *data, size_t size, struct payload *payload)
{
    enum payload_format format = payload_format_of(data, size);
    uint32_t unpacked;

    if (format == PAYLOAD_UNKNOWN)
        return BZIMAGE_UNKNOWN_FORMAT;
    if (format == PAYLOAD_ELF) {
        *payload = (struct payload){format, data, size, size};
        return BZIMAGE_OK;
    }
    if (size < TRAILER_SIZE)
        return BZIMAGE_TRUNCATED;
    memcpy(&unpacked, data + size - TRAILER_SIZE, sizeof(unpacked));
    if (format != PAYLOAD_GZIP)
        size -= TRAILER_SIZE;
    *payload = (struct payload){format, data, size, unpacked};
    return BZIMAGE_OK;
}

enum bzimage_result bzimage_payload(const void *image, size_t size, struct payload *payload)
{
    struct setup_header header;

    if (payload_format_of(image, size) == PAYLOAD_ELF) {
        *payload = (struct payload){PAYLOAD_ELF, image, size, size};
        return BZIMAGE_OK;
    }

    enum bzimage_result result = read_setup_header(image, size, &header);
    if (result != BZIMAGE_OK)
        return result;

    /* The payload's offset counts from the protected-mode part, which follows boot sector and
     * setup sectors. 64-bit sums of 32-bit values: no overflow. */
    size_t sectors = header.setup_sects != 0 ? header.setup_sects : SETUP_SECTORS_IF_ZERO;
    size_t start = (sectors + 1) * SECTOR_SIZE + header.payload_offset;

    if (start > size || header.payload_length > size - start)
        return BZIMAGE_TRUNCATED;
    return split_payload((const uint8_t *)image + start, header.payload_length, payload);
}

enum unpack_result bzimage_unpack(const struct payload *payload, void *dst, struct arena *arena)
{
    size_t made;
    enum unpack_result result = unpack(payload->format, payload->data, payload->size, dst,
                                       payload->unpacked_size, &made, arena);

    if (result == UNPACK_OK && made != payload->unpacked_size)
        return UNPACK_TRUNCATED;
    return result;
}
