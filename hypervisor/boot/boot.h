/* What the loader told us, in one form whatever the boot protocol. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "lib/types.h"

#define BOOT_MAX_REGIONS 256
#define BOOT_MAX_MODULES 16

struct boot_region {
    uint64_t base, size;
    uint32_t type; /* E820: 1 RAM, 2 reserved, 3 ACPI, 4 NVS, 5 unusable */
};

struct boot_module {
    maddr_t base;
    uint64_t size;
    char cmdline[1024];
};

struct boot_info {
    char loader[32];
    char cmdline[1024]; /* of Ringfort, without its own path */
    unsigned region_count;
    struct boot_region regions[BOOT_MAX_REGIONS]; /* sorted, disjoint */
    unsigned module_count;
    struct boot_module modules[BOOT_MAX_MODULES];
    maddr_t rsdp;          /* 0: look for it */
    uint8_t rsdp_copy[36]; /* where the loader gave the RSDP itself: rsdp points here then */
    size_t rsdp_size;
    bool is_efi;
    uint64_t efi_system_table; /* 0: none */
    uint32_t efi_memmap_size, efi_memmap_desc_size, efi_memmap_version;
    uint64_t efi_memmap;
    struct {
        bool valid, is_graphics;
        uint64_t base;
        uint32_t pitch, width, height;
        uint8_t bpp, red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
    } framebuffer;
};

extern struct boot_info boot_info;

/* Command-line options, parsed once (boot/options.c). Unknown ones are reported. */
struct options {
    uint64_t dom0_mem, dom0_mem_min, dom0_mem_max; /* bytes, 0: unset */
    unsigned dom0_max_vcpus, max_cpus;             /* 0: unset */
    bool no_reboot, sync_console, scatter_dom0;
    int isolation; /* xpti=: -1 default, 0 off, 1 on */
    bool pcid, smep, smap, x2apic;
    enum { TSC_BY_CPUID, TSC_RELIABLE, TSC_UNSTABLE } tsc;
    int log_level, guest_log_level; /* enum log_level */
    nsec_t bvt_context_switch;      /* sched_bvt_... */
    unsigned report_minor;          /* version to report: 4.17 or 4.20 */
    unsigned gnttab_max_frames;
    uint64_t com1_base, com1_baud;
};
extern struct options options;
void options_parse(const char *cmdline);

/* Builds and starts Domain0 from the modules; stops with a message naming module and cause. */
void dom0_build(void);

#endif
