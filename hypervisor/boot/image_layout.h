/* Where the image lies, in a form that the assembler and the linker script's reader can use too. */
#ifndef BOOT_IMAGE_LAYOUT_H
#define BOOT_IMAGE_LAYOUT_H

/* IMAGE_BASE of lib/config.h without its C types; memory/hypmap_image.c compares the two. A byte of
 * the image at machine address A has the address IMAGE_VIRTUAL + A. */
#define IMAGE_VIRTUAL 0xffff820000000000

/* Top of the area that head.S maps for the first C code, in 2 MiB pages: 4 GiB. */
#define EARLY_MAP_TABLES 4

/* Selectors of the GDT that is in use until a CPU has its own. */
#define EARLY_CS32 0x08
#define EARLY_DS32 0x10
#define EARLY_CS64 0x18
#define EARLY_GDT_LIMIT 0x1f

/* The page below 1 MiB at which other processors start, and words in it that the starter fills. */
#define TRAMPOLINE_PAGE 0x8000

#endif
