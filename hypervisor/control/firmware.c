/* Answers about the firmware. Ringfort never calls the BIOS, so it has no disk geometry to tell. */
#include "control/firmware.h"

#include "boot/boot.h"
#include "lib/assert.h"
#include "lib/errno.h"

long firmware_info(struct xenpf_firmware_info *info)
{
    switch (info->type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
        return -ESRCH;
    case XEN_FW_VBEDDC_INFO:
        return -EOPNOTSUPP;
    case XEN_FW_EFI_INFO:
        return boot_info.is_efi ? efi_info(info->index, &info->u.efi_info) : -EOPNOTSUPP;
    case XEN_FW_KBD_SHIFT_FLAGS:
        info->u.kbd_shift_flags = 0;
        return 0;
    default:
        return refuse(-EINVAL);
    }
}
