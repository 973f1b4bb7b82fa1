/* What a kernel says of itself: Xen's ELF notes, and the one string that came before them. */
#ifndef BOOT_PV_NOTES_H
#define BOOT_PV_NOTES_H

#include "boot/pv_image.h"

/* A stretch of text that no NUL need end. */
struct pv_text {
    const char *at;
    size_t length;
};

/* Reads all Xen notes of image->elf into *image: from PT_NOTE segments, else from SHT_NOTE
 * sections, else the legacy section's string. PV_NO_NOTES when there is nothing of the sort. */
enum pv_result pv_notes_read(struct pv_image *image);

/* Adds a list of feature names to the image's features: names as in <xen/features.h> less
 * "XENFEAT_", parted by '|', a '!' before those that are required. PV_UNKNOWN_FEATURE when a
 * required one has no such name; others without are passed over. */
enum pv_result pv_read_features(struct pv_image *image, struct pv_text list);

/* Reads a PAE mode, in the notes' form ("yes", "no", "bimodal", "yes,bimodal") or the legacy one
 * ("yes[extended-cr3]"). */
void pv_read_pae(struct pv_image *image, struct pv_text mode);

/* Copies `text` into one of the image's PV_TEXT_SIZE arrays, cut to fit. */
void pv_copy_text(char *array, struct pv_text text);

/* Reads a __xen_guest section: NAME=VALUE pairs parted by commas, ended by a NUL or the end. */
enum pv_result pv_read_legacy(struct pv_image *image, struct pv_text pairs);

#endif
