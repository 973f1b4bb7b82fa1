/* The builder of Domain0 and of further domains from modules: what its steps share (SOSP'03 3.3.7).
 * All of it runs once, at boot. */
#ifndef BOOT_DOM0_H
#define BOOT_DOM0_H

#include "boot/boot.h"
#include "boot/dom0_layout.h"
#include "boot/pv_image.h"
#include "lib/abi.h"
#include "lib/types.h"

struct domain;

struct dom0_build {
    const char *name;        /* "Domain0", for messages */
    const char *kernel_name; /* the kernel's module, for messages */
    const char *arguments;   /* the kernel's command line */
    bool is_dom0;
    struct domain *d;
    const struct boot_module *kernel;
    const struct boot_module *initrd; /* NULL: none */
    struct pv_image image;
    void *unpacked; /* buffer of the unpacked kernel; NULL: the module holds an ELF file */
    unsigned unpacked_order;
    uint64_t nr_pages;
    struct dom0_layout layout;
    uint64_t hole_start; /* 32-bit: first address that is Ringfort's */
    void **p2m;          /* addresses of the pages of the domain's list of MFNs */
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

/* Creates the domain `id` with its vCPUs still to come. */
struct domain_config;
void dom0_domain_make(struct dom0_build *b, domid_t id, const struct domain_config *config);
/* Lays out nr_pages; stops when they are too few. */
void dom0_layout_make(struct dom0_build *b);
/* All that follows once domain and layout are there; the domain stays paused. */
void dom0_contents_make(struct dom0_build *b);

/* Builds the unprivileged domains that the modules behind Domain0's ask for, paused; their frames
 * are taken before Domain0's. */
void module_domains_build(void);
void module_domains_start(void);
/* True when `module` is the kernel of such a domain. */
bool module_is_domain(const struct boot_module *module);

#endif
