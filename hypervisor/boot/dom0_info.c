/* What a kernel is told at its start: start_info and the screen it finds. */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "domain/hypercall_page.h"
#include "lib/abi32.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/mapping.h"

#define LFB_UNIT_SHIFT 16 /* lfb_size counts 64 KiB */
#define VBE_CAP_64BIT_BASE (1U << 1)
#define BIOS_START 0xe0000UL /* where the RSDP is looked for without EFI (ACPI 6.5, 5.2.5.1) */
#define BIOS_END 0x100000UL

/* The layout that follows when the boot loader left the screen as the BIOS had it: 80 x 25. */
static void text_console(struct dom0_vga_console_info *vga)
{
    vga->video_type = XEN_VGATYPE_TEXT_MODE_3;
    vga->u.text_mode_3.font_height = 16;
    vga->u.text_mode_3.columns = 80;
    vga->u.text_mode_3.rows = 25;
    vga->u.text_mode_3.cursor_y = 24;
}

static void graphics_console(struct dom0_vga_console_info *vga)
{
    uint64_t base = boot_info.framebuffer.base;
    uint64_t bytes = (uint64_t)boot_info.framebuffer.pitch * boot_info.framebuffer.height;

    vga->video_type = boot_info.is_efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    vga->u.vesa_lfb.width = (uint16_t)boot_info.framebuffer.width;
    vga->u.vesa_lfb.height = (uint16_t)boot_info.framebuffer.height;
    vga->u.vesa_lfb.bytes_per_line = (uint16_t)boot_info.framebuffer.pitch;
    vga->u.vesa_lfb.bits_per_pixel = boot_info.framebuffer.bpp;
    vga->u.vesa_lfb.lfb_base = (uint32_t)base;
    vga->u.vesa_lfb.ext_lfb_base = (uint32_t)(base >> 32);
    vga->u.vesa_lfb.lfb_size = (uint32_t)(ROUND_UP(bytes, 1UL << LFB_UNIT_SHIFT) >> LFB_UNIT_SHIFT);
    vga->u.vesa_lfb.gbl_caps = base >> 32 ? VBE_CAP_64BIT_BASE : 0;
    vga->u.vesa_lfb.red_pos = boot_info.framebuffer.red_pos;
    vga->u.vesa_lfb.red_size = boot_info.framebuffer.red_size;
    vga->u.vesa_lfb.green_pos = boot_info.framebuffer.green_pos;
    vga->u.vesa_lfb.green_size = boot_info.framebuffer.green_size;
    vga->u.vesa_lfb.blue_pos = boot_info.framebuffer.blue_pos;
    vga->u.vesa_lfb.blue_size = boot_info.framebuffer.blue_size;
}

/* Linux looks for the ACPI tables in the EFI system table and where a BIOS puts them. A PVH loader
 * may have them elsewhere. A copy that the loader made is Ringfort's own and not for Domain0. */
static bool must_tell_rsdp(void)
{
    uint64_t at = boot_info.rsdp.a;

    return at && !boot_info.rsdp_size && !boot_info.efi_system_table &&
           (at < BIOS_START || at >= BIOS_END);
}

/* The kernel's arguments. */
static void command_line(const struct dom0_build *b, char *line, size_t size)
{
    strlcpy(line, b->arguments, size);
    if (b->is_dom0 && must_tell_rsdp() && !strstr(line, "acpi_rsdp=")) {
        size_t used = strlen(line);

        format(line + used, size - used, " acpi_rsdp=%#lx", (unsigned long)boot_info.rsdp.a);
    }
}

/* start_info is the same in both widths but for the size of its words, so that these lines are
 * compiled for each. */
#define FILL_START_INFO(b, info, magic_text)                                                       \
    do {                                                                                           \
        const struct dom0_layout *l = &(b)->layout;                                                \
                                                                                                   \
        strlcpy((info)->magic, magic_text, sizeof((info)->magic));                                 \
        (info)->nr_pages = (b)->nr_pages;                                                          \
        (info)->shared_info = mfn_maddr((b)->d->shared_info_mfn).a;                                \
        (info)->flags = (b)->is_dom0 ? SIF_PRIVILEGED | SIF_INITDOMAIN : 0;                        \
        (info)->pt_base = layout_va(l, l->tables.first);                                           \
        (info)->nr_pt_frames = l->tables.count;                                                    \
        (info)->mfn_list = l->p2m_va;                                                              \
        if (l->initrd.count) {                                                                     \
            (info)->mod_len = (b)->initrd->size;                                                   \
            (info)->mod_start =                                                                    \
                l->initrd_mapped ? layout_va(l, l->initrd.first) : l->initrd.first;                \
            (info)->flags |= l->initrd_mapped ? 0 : SIF_MOD_START_PFN;                             \
        }                                                                                          \
        if (l->p2m_tables.count) {                                                                 \
            (info)->first_p2m_pfn = l->p2m.first;                                                  \
            (info)->nr_p2m_frames = l->p2m.count + l->p2m_tables.count;                            \
        }                                                                                          \
        command_line((b), (char *)(info)->cmd_line, sizeof((info)->cmd_line));                     \
    } while (0)

/* Puts what is known of the screen at pseudo-physical address `at`; the size, 0: nothing. */
static uint32_t screen_build(const struct dom0_build *b, uint64_t at)
{
    static struct dom0_vga_console_info vga BOOT_DATA;

    if (!b->is_dom0)
        return 0;
    if (boot_info.framebuffer.valid && boot_info.framebuffer.is_graphics)
        graphics_console(&vga);
    else if (boot_info.framebuffer.valid || !boot_info.is_efi)
        text_console(&vga);
    else
        return 0;
    dom0_write(b, at, &vga, sizeof(vga));
    return sizeof(vga);
}

/* Either structure, with the screen's right behind it. */
#define BUILD_START_INFO(b, info, magic_text)                                                      \
    do {                                                                                           \
        uint64_t at = (b)->layout.start_info.first << PAGE_SHIFT;                                  \
                                                                                                   \
        memset((info), 0, sizeof(*(info)));                                                        \
        FILL_START_INFO(b, info, magic_text);                                                      \
        (info)->console.dom0.info_size = screen_build(b, at + sizeof(*(info)));                    \
        if ((info)->console.dom0.info_size)                                                        \
            (info)->console.dom0.info_off = sizeof(*(info));                                       \
        dom0_write(b, at, (info), sizeof(*(info)));                                                \
        log_info("%s: command line: %s", (b)->name, (const char *)(info)->cmd_line);               \
    } while (0)

void dom0_info_build(const struct dom0_build *b)
{
    static struct start_info info BOOT_DATA;
    static struct start_info_x86_32 narrow BOOT_DATA;

    if (b->image.is64)
        BUILD_START_INFO(b, &info, "xen-3.0-x86_64");
    else
        BUILD_START_INFO(b, &narrow, "xen-3.0-x86_32p");
    if (b->image.has_hypercall_page) {
        uint64_t page = (b->image.hypercall_page - b->layout.virt_base) >> PAGE_SHIFT;

        hypercall_page_fill(mfn_to_virt(dom0_mfn(b, page)), !b->image.is64);
    }
}
