/* A kernel: out of the boot module, through the decompressor, into the domain's memory. */
#include "boot/dom0.h"

#include "boot/bzimage.h"
#include "lib/abi.h"
#include <xen/features.h>

#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "unpack/environment.h"
#include "x86/cpu.h"

/* Buffers above this are no kernel's. */
#define UNPACKED_MAX (UINT64_C(1) << 30)

/* Features that a kernel may insist on: these are there, or mean nothing without what they name. */
#define FEATURES_OFFERED                                                                           \
    (1U << XENFEAT_writable_page_tables | 1U << XENFEAT_writable_descriptor_tables |               \
     1U << XENFEAT_pae_pgdir_above_4gb | 1U << XENFEAT_mmu_pt_update_preserve_ad |                 \
     1U << XENFEAT_highmem_assist | 1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_dom0 |     \
     1U << XENFEAT_memory_op_vnode_supported | 1U << XENFEAT_linux_rsdp_unrestricted)

/* Order of a block of at least `bytes`. */
static unsigned order_for(uint64_t bytes)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

static enum unpack_result unpack_payload(const struct payload *payload, void *to)
{
    struct unpack_environment saved;
    enum unpack_result result = UNPACK_NO_MEMORY;
    unsigned long flags = irq_save();
    unsigned order;
    size_t need;
    void *work;

    unpack_enter(&saved);
    need = unpack_arena_size(payload->format, payload->data, payload->size, payload->unpacked_size);
    unpack_leave(&saved);

    order = order_for(need);
    work = page_alloc(order);
    if (work) {
        struct arena arena = arena_over(work, need);

        unpack_enter(&saved);
        result = bzimage_unpack(payload, to, &arena);
        unpack_leave(&saved);
        page_free(work, order);
    }
    irq_restore(flags);
    return result;
}

/* Leaves the ELF file at b->unpacked and its size in *size; returns the file. */
static const void *image_unpack(struct dom0_build *b, size_t *size)
{
    const void *module = maddr_to_virt(b->kernel->base);
    struct payload payload;
    enum bzimage_result found = bzimage_payload(module, b->kernel->size, &payload);
    enum unpack_result result;

    if (found != BZIMAGE_OK)
        dom0_fail(b->kernel_name, "%s", bzimage_message(found));
    *size = payload.unpacked_size;
    if (payload.format == PAYLOAD_ELF)
        return payload.data;
    if (payload.unpacked_size > UNPACKED_MAX)
        dom0_fail(b->kernel_name, "unpacked size of %lu bytes is beyond belief",
                  (unsigned long)payload.unpacked_size);
    b->unpacked_order = order_for(payload.unpacked_size);
    b->unpacked = page_alloc(b->unpacked_order);
    if (!b->unpacked)
        dom0_fail(b->kernel_name, "no %lu MiB of memory to unpack it",
                  (PAGE_SIZE << b->unpacked_order) >> 20);
    log_info("%s: unpacking %lu KiB (%s) to %lu KiB", b->name, (unsigned long)payload.size >> 10,
             payload_format_name(payload.format), (unsigned long)payload.unpacked_size >> 10);
    result = unpack_payload(&payload, b->unpacked);
    if (result != UNPACK_OK)
        dom0_fail(b->kernel_name, "cannot be unpacked: %s", unpack_message(result));
    return b->unpacked;
}

/* The hole is the paper's where the kernel wants more addresses for itself than the ABI's default
 * leaves it. */
static void image32_check(struct dom0_build *b)
{
    uint64_t lowest = b->image.has_hv_start_low ? b->image.hv_start_low : 0;

    if (b->image.pae == PV_PAE_NO)
        dom0_fail(b->kernel_name, "is a 32-bit kernel without PAE");
    if (lowest > COMPAT_HOLE_PAPER)
        dom0_fail(b->kernel_name, "leaves Ringfort no addresses below %#lx", (unsigned long)lowest);
    b->hole_start = lowest > COMPAT_HOLE_DEFAULT ? COMPAT_HOLE_PAPER : COMPAT_HOLE_DEFAULT;
    if (b->image.end > b->hole_start)
        dom0_fail(b->kernel_name, "lies among Ringfort's addresses");
}

/* What pv_image_parse() leaves to the builder. */
static void image_check(struct dom0_build *b)
{
    const struct pv_image *image = &b->image;
    uint32_t missing = image->features_required & ~FEATURES_OFFERED;

    if (!image->is64)
        image32_check(b);
    if (missing)
        dom0_fail(b->kernel_name, "requires features that Ringfort has not (bits %#x)", missing);
    if (b->is_dom0 && image->has_supported_features &&
        !(image->features_supported & 1U << XENFEAT_dom0))
        dom0_fail(b->kernel_name, "is not built to run as Domain0");
}

void dom0_image_read(struct dom0_build *b)
{
    size_t size;
    const void *elf = image_unpack(b, &size);
    enum pv_result result = pv_image_parse(elf, size, &b->image);

    if (result == PV_BAD_ELF)
        dom0_fail(b->kernel_name, "%s: %s", pv_message(result), elf_message(b->image.elf_error));
    if (result != PV_OK)
        dom0_fail(b->kernel_name, "%s", pv_message(result));
    image_check(b);
}

void dom0_image_load(const struct dom0_build *b)
{
    struct pv_load load;
    unsigned cursor = 0;

    while (pv_image_next_load(&b->image, &cursor, &load)) {
        dom0_write(b, load.offset, load.source, load.file_size);
        dom0_write(b, load.offset + load.file_size, NULL, load.mem_size - load.file_size);
    }
}

void dom0_image_release(struct dom0_build *b)
{
    uint64_t first = ROUND_UP(b->kernel->base.a, PAGE_SIZE) >> PAGE_SHIFT;
    uint64_t end = (b->kernel->base.a + b->kernel->size) >> PAGE_SHIFT;

    if (b->unpacked)
        page_free(b->unpacked, b->unpacked_order);
    b->unpacked = NULL;
    if (first < end)
        allocator_add(mfn(first), mfn(end));
}
