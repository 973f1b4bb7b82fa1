/* What Domain0 may learn of the firmware (XENPF_firmware_info). */
#ifndef CONTROL_FIRMWARE_H
#define CONTROL_FIRMWARE_H

#include "lib/abi.h"
#include <xen/platform.h>

/* Answers one question in place. -ESRCH: no (more) such thing, which ends the callers' loops over
 * disks; -EOPNOTSUPP: this machine's firmware has no such table; -EINVAL. */
long firmware_info(struct xenpf_firmware_info *info);

/* The XEN_FW_EFI_INFO part, on machines that EFI started. */
long efi_info(uint32_t index, union xenpf_efi_info *info);

#endif
