/* The three boot protocols' structures, read into struct boot_info. Pure: whatever bytes the loader
 * left, nothing outside loader_memory() is read. */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#include "boot/boot.h"

#define MULTIBOOT1_MAGIC 0x2badb002 /* in EAX at entry */
#define MULTIBOOT2_MAGIC 0x36d76289

/* Why a loader's information could not be used; NULL where it could. */
typedef const char *loader_error;

/* Each reads the structure at machine address `at` into *info, which was all zero. The region list
 * is as the loader had it: memory_map_normalize() is next. Sources: Multiboot Specification 0.6.96
 * and 2.0; <xen/arch-x86/hvm/start_info.h>. */
loader_error multiboot1_read(uint64_t at, struct boot_info *info);
loader_error multiboot2_read(uint64_t at, struct boot_info *info);
loader_error pvh_read(uint64_t at, struct boot_info *info);

/* Helpers that the three share. */

/* Copies the zero-terminated string at machine address `at`, cut to what fits. */
void loader_string(char *dst, size_t dst_size, uint64_t at, uint64_t limit);
/* Takes the image's own name off a command line, where this loader puts one (all but GRUB 2 do),
 * and the word that Debian's update-grub writes in its place. */
void loader_strip_name(const char *loader, char *cmdline);
/* Appends a region or module; false when there are too many. Empty regions are left out. */
bool loader_add_region(struct boot_info *info, uint64_t base, uint64_t size, uint32_t type);
struct boot_module *loader_add_module(struct boot_info *info, uint64_t base, uint64_t size);

#endif
