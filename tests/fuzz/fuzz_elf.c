/* sources: hypervisor/boot/elf.c hypervisor/boot/pv_image.c hypervisor/boot/pv_notes.c hypervisor/boot/pv_text.c hypervisor/lib/text.c */
/* Any bytes as a kernel: parsing must stay within them, and what it accepts must hold together. */
#include <stdlib.h>

#include "boot/pv_image.h"
#include "lib/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte that a domain builder would copy. */
static void touch(const struct pv_load *load)
{
    for (uint64_t i = 0; i < load->file_size; i++)
        (void)*(const volatile uint8_t *)&load->source[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pv_image image;
    struct pv_load load;

    if (pv_image_parse(data, size, &image) != PV_OK)
        return 0;
    if (image.entry < image.start || image.entry >= image.end)
        abort();
    if (image.start < HV_VIRT_END && image.end > HV_VIRT_START)
        abort();
    if (!image.is64 && image.end > UINT64_C(1) << 32)
        abort();
    for (unsigned cursor = 0; pv_image_next_load(&image, &cursor, &load);) {
        uint64_t start = image.virt_base + load.offset;
        if (load.file_size > load.mem_size || start < image.start ||
            load.mem_size > image.end - start)
            abort();
        touch(&load);
    }
    return 0;
}
