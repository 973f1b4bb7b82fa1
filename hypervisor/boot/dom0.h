/* The builder of Domain0: what its steps share (SOSP'03 3.3.7). All of it runs once, at boot. */
#ifndef BOOT_DOM0_H
#define BOOT_DOM0_H

#include "boot/boot.h"
#include "boot/dom0_layout.h"
#include "boot/pv_image.h"
#include "lib/types.h"

struct domain;

struct dom0_build {
    struct domain *d;
    const struct boot_module *kernel;
    const struct boot_module *initrd; /* NULL: none */
    struct pv_image image;
    void *unpacked; /* buffer of the unpacked kernel; NULL: the module holds an ELF file */
    unsigned unpacked_order;
    uint64_t nr_pages;
    struct dom0_layout layout;
    uint64_t **p2m; /* addresses of the pages of the domain's list of MFNs */
    unsigned p2m_order;
};

/* Stops the machine with a message that names the module concerned and the cause. */
void dom0_fail(const char *module, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Unpacks and parses module 0 into b->image. */
void dom0_image_read(struct dom0_build *b);
/* Copies the kernel's pieces into the domain's memory, which must exist for them. */
void dom0_image_load(const struct dom0_build *b);
/* Frees the unpacked kernel and gives module 0's frames to the allocator. */
void dom0_image_release(struct dom0_build *b);

/* Memory for the list of MFNs, the mapped pages and the initial RAM disk, which keeps its frames.
 */
void dom0_memory_first(struct dom0_build *b);
/* Memory for all remaining pages. */
void dom0_memory_rest(struct dom0_build *b);

/* Low contiguous memory that later allocations are kept away from until the release. */
void dom0_low_memory_hold(uint64_t pages);
void dom0_low_memory_release(void);

/* The frame of a page of the domain. */
mfn_t dom0_mfn(const struct dom0_build *b, uint64_t page);
void dom0_set_mfn(struct dom0_build *b, uint64_t page, mfn_t m);
/* Copies `n` bytes to a pseudo-physical address; `from` NULL clears. */
void dom0_write(const struct dom0_build *b, uint64_t address, const void *from, size_t n);

/* Fills the page tables and has them validated and pinned. */
void dom0_tables_build(struct dom0_build *b);

/* start_info, screen, hypercall page. */
void dom0_info_build(const struct dom0_build *b);
/* vCPUs, the first one's registers. */
void dom0_vcpus_build(struct dom0_build *b);

#endif
