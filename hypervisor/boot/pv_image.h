/* A kernel for paravirtualized domains: an ELF file that says by Xen's ELF notes how it wants to be
 * placed and started. */
#ifndef BOOT_PV_IMAGE_H
#define BOOT_PV_IMAGE_H

#include "boot/elf.h"

enum pv_result {
    PV_OK,
    PV_BAD_ELF,            /* see elf_message(); pv_image_parse() stores the reason */
    PV_NO_NOTES,           /* no sign of Xen support in the file */
    PV_BAD_NOTE,           /* a note's value has a size or form that the ABI does not know */
    PV_WRONG_VERSION,      /* XEN_VERSION is not xen-3.0 */
    PV_WRONG_LOADER,       /* LOADER is not generic */
    PV_PVH_ONLY,           /* only the 32-bit physical entry is announced */
    PV_UNKNOWN_FEATURE,    /* a feature is required that the ABI headers do not name */
    PV_NOTHING_TO_LOAD,    /* no PT_LOAD segment with memory */
    PV_BAD_PLACE,          /* the image wraps, or falls on the hypervisor's addresses */
    PV_BAD_ENTRY,          /* entry point outside the image */
    PV_BAD_HYPERCALL_PAGE, /* not a whole, aligned page within the image */
    PV_BAD_INIT_P2M,       /* not page-aligned, within the image or the hypervisor's addresses */
};

enum pv_pae {
    PV_PAE_NO,
    PV_PAE_YES,
    PV_PAE_BIMODAL,
};

#define PV_TEXT_SIZE 16

struct pv_image {
    struct elf_image elf;
    bool is64;

    uint64_t entry;        /* virtual address */
    uint64_t virt_base;    /* virtual address of pseudo-physical address 0; page-aligned */
    uint64_t paddr_offset; /* to be taken from p_paddr */
    uint64_t start;        /* virtual addresses of the loaded image, [start, end) */
    uint64_t end;

    bool has_hypercall_page;
    uint64_t hypercall_page; /* virtual address */
    bool has_init_p2m;
    uint64_t init_p2m; /* virtual address */
    bool has_hv_start_low;
    uint64_t hv_start_low; /* virtual address */
    bool has_phys32_entry;
    uint64_t phys32_entry; /* physical address */
    bool has_l1_mfn_valid;
    uint64_t l1_mfn_mask; /* first mask and value pair */
    uint64_t l1_mfn_value;

    bool mod_start_pfn;  /* initial RAM disk may stay unmapped */
    bool suspend_cancel; /* resumes in place */
    enum pv_pae pae;
    bool pae_extended_cr3; /* L3 tables may lie above 4 GiB */

    /* Bit n stands for XENFEAT number n. What is required is also supported. */
    uint32_t features_required;
    uint32_t features_supported;
    bool has_supported_features; /* the numeric note is there, so its bit for Domain0 counts */

    char xen_version[PV_TEXT_SIZE]; /* empty when not given, cut when too long */
    char guest_os[PV_TEXT_SIZE];
    char guest_version[PV_TEXT_SIZE];
    char loader[PV_TEXT_SIZE];

    enum elf_result elf_error; /* why PV_BAD_ELF */
};

/* One piece to load: copy file_size bytes from source to virt_base + offset, and clear the rest of
 * mem_size. `offset` is the pseudo-physical address as well. */
struct pv_load {
    uint64_t offset;
    const uint8_t *source;
    uint64_t file_size;
    uint64_t mem_size;
};

/* A sentence part for messages; never NULL. */
const char *pv_message(enum pv_result result);

/* Reads the `size` bytes at `bytes` (an ELF file, not compressed) into *image, which points into
 * `bytes`. On success all addresses have been checked against each other and against the
 * hypervisor's range, [HV_VIRT_START, HV_VIRT_END) for 64-bit kernels; where the hole of a 32-bit
 * domain begins, and whether a required feature is offered, is the domain builder's to check.
 * Any bytes are safe to pass. Takes no lock. Source: <xen/elfnote.h>. */
enum pv_result pv_image_parse(const void *bytes, size_t size, struct pv_image *image);

/* Gives the pieces to load one after the other: set *cursor to 0 first. False when there are no
 * more. Pieces may overlap if the file's segments do; a later one then wins. */
bool pv_image_next_load(const struct pv_image *image, unsigned *cursor, struct pv_load *load);

#endif
