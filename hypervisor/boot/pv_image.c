#include "boot/pv_image.h"

#include "boot/pv_notes.h"
#include "lib/config.h"
#include "lib/string.h"

#define ABI_VERSION "xen-3.0"
#define GENERIC_LOADER "generic"

/* Below this a 64-bit address is canonical without a sign, from the hypervisor's end up with one.
 */
#define LOW_HALF_END (UINT64_C(1) << 47)
#define ADDRESS_END_32 (UINT64_C(1) << 32)

const char *pv_message(enum pv_result result)
{
    switch (result) {
    case PV_OK:
        return "no error";
    case PV_BAD_ELF:
        return "not a usable ELF file";
    case PV_NO_NOTES:
        return "kernel has no Xen notes: not built with PV support";
    case PV_BAD_NOTE:
        return "a Xen note has a value of a wrong size or form";
    case PV_WRONG_VERSION:
        return "kernel is for another ABI than xen-3.0";
    case PV_WRONG_LOADER:
        return "kernel wants a loader other than generic";
    case PV_PVH_ONLY:
        return "kernel supports PVH only, not PV";
    case PV_UNKNOWN_FEATURE:
        return "kernel requires a feature without a known name";
    case PV_NOTHING_TO_LOAD:
        return "kernel has nothing to load";
    case PV_BAD_PLACE:
        return "kernel wants addresses that a guest cannot have";
    case PV_BAD_ENTRY:
        return "kernel's entry point lies outside the kernel";
    case PV_BAD_HYPERCALL_PAGE:
        return "kernel's hypercall page is not a page of the kernel";
    case PV_BAD_INIT_P2M:
        return "kernel's place for the physical-to-machine list cannot be used";
    }
    return "unknown error";
}

/* True when [start, end) can be a guest kernel's; `end` is above `start`. */
static bool guest_range(const struct pv_image *image, uint64_t start, uint64_t end)
{
    if (!image->is64)
        return end <= ADDRESS_END_32;
    return end <= LOW_HALF_END || start >= HV_VIRT_END;
}

/* Where the segment's memory begins, as an offset from virt_base; false when the address lies below
 * what the notes say is address 0, or the segment is none to load. */
static bool load_offset(const struct pv_image *image, const Elf64_Phdr *segment, uint64_t *offset)
{
    if (segment->p_type != PT_LOAD || segment->p_memsz == 0)
        return false;
    return !__builtin_sub_overflow(segment->p_paddr, image->paddr_offset, offset);
}

/* Widens the image's range by one segment. */
static enum pv_result place_segment(struct pv_image *image, const Elf64_Phdr *segment)
{
    uint64_t offset, start, end;

    if (segment->p_type != PT_LOAD || segment->p_memsz == 0)
        return PV_OK;
    if (!load_offset(image, segment, &offset))
        return PV_BAD_PLACE;
    if (__builtin_add_overflow(image->virt_base, offset, &start) ||
        __builtin_add_overflow(start, segment->p_memsz, &end))
        return PV_BAD_PLACE;
    image->start = MIN(image->start, start);
    image->end = MAX(image->end, end);
    return PV_OK;
}

static enum pv_result place_image(struct pv_image *image)
{
    image->start = UINT64_MAX;
    image->end = 0;
    for (unsigned i = 0; i < image->elf.segment_count; i++) {
        Elf64_Phdr segment = elf_segment(&image->elf, i);
        enum pv_result result = place_segment(image, &segment);

        if (result != PV_OK)
            return result;
    }
    if (image->start >= image->end)
        return PV_NOTHING_TO_LOAD;
    if (image->virt_base % PAGE_SIZE != 0)
        return PV_BAD_PLACE;
    /* From virt_base, for that is where the initial mapping begins. */
    return guest_range(image, image->virt_base, image->end) ? PV_OK : PV_BAD_PLACE;
}

static enum pv_result check_identity(const struct pv_image *image, bool has_entry)
{
    if (strcmp(image->xen_version, ABI_VERSION) != 0)
        return PV_WRONG_VERSION;
    if (image->loader[0] != '\0' && strcmp(image->loader, GENERIC_LOADER) != 0)
        return PV_WRONG_LOADER;
    if (image->has_phys32_entry && !has_entry)
        return PV_PVH_ONLY;
    return PV_OK;
}

static enum pv_result check_places(const struct pv_image *image)
{
    if (image->entry < image->start || image->entry >= image->end)
        return PV_BAD_ENTRY;

    /* image->end does not wrap and lies at least a page above 0, or no page fits. */
    if (image->has_hypercall_page &&
        (image->hypercall_page % PAGE_SIZE != 0 || image->hypercall_page < image->start ||
         image->hypercall_page >= image->end || image->end - image->hypercall_page < PAGE_SIZE))
        return PV_BAD_HYPERCALL_PAGE;

    if (image->has_init_p2m &&
        (image->init_p2m % PAGE_SIZE != 0 || image->init_p2m > UINT64_MAX - PAGE_SIZE ||
         !guest_range(image, image->init_p2m, image->init_p2m + PAGE_SIZE) ||
         (image->init_p2m >= image->virt_base && image->init_p2m < image->end)))
        return PV_BAD_INIT_P2M;
    return PV_OK;
}

enum pv_result pv_image_parse(const void *bytes, size_t size, struct pv_image *image)
{
    *image = (struct pv_image){0};
    image->elf_error = elf_parse(bytes, size, &image->elf);
    if (image->elf_error != ELF_OK)
        return PV_BAD_ELF;
    image->is64 = image->elf.is64;

    /* Address 0 can be an entry point, so "no note" needs a value that cannot. */
    image->entry = UINT64_MAX;
    enum pv_result result = pv_notes_read(image);
    bool has_entry = image->entry != UINT64_MAX;

    if (!has_entry)
        image->entry = image->elf.entry;
    if (result == PV_OK)
        result = check_identity(image, has_entry);
    if (result == PV_OK)
        result = place_image(image);
    if (result == PV_OK)
        result = check_places(image);
    return result;
}

bool pv_image_next_load(const struct pv_image *image, unsigned *cursor, struct pv_load *load)
{
    while (*cursor < image->elf.segment_count) {
        Elf64_Phdr segment = elf_segment(&image->elf, (*cursor)++);
        uint64_t offset;

        if (!load_offset(image, &segment, &offset))
            continue;
        *load = (struct pv_load){
            .offset = offset,
            .source = image->elf.bytes + segment.p_offset,
            .file_size = segment.p_filesz,
            .mem_size = segment.p_memsz,
        };
        return true;
    }
    return false;
}
