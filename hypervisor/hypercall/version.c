/* XENVER_*: who we are, to guests and tools. Strings that describe the machine or the build go to
 * Domain0 only. */
#include "hypercall/hypercall.h"

#include <xen/version.h>

#include "boot/boot.h"
#include "domain/domain.h"
#include "hypercall/compat.h"
#include "hypercall/version.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/guest_copy.h"
#include "x86/current.h"

const char *version_text(int cmd)
{
    const bool told = current->domain->is_privileged;

    switch (cmd) {
    case XENVER_extraversion: /* the part after "4.17" of what tools print */
        return ".0-ringfort";
    case XENVER_capabilities: /* guest types that the domain builder may make, word by word */
        return "xen-3.0-x86_64 xen-3.0-x86_32p ";
    case XENVER_changeset:
        return told ? "" : "<denied>";
    default:
        return told ? boot_info.cmdline : "<denied>";
    }
}

static long copy_version_struct(uint64_t arg, const void *from, size_t n)
{
    return copy_to_guest(arg, from, n) ? 0 : refuse(-EFAULT);
}

/* Fixed-size text fields of the ABI: the rest of the field is zero, nothing of the stack leaks. */
static long give_text(uint64_t arg, int cmd, size_t field)
{
    char buf[1024] = {0};

    strlcpy(buf, version_text(cmd), field);
    return copy_version_struct(arg, buf, field);
}

static long give_compile_info(uint64_t arg)
{
    struct xen_compile_info info = {0};

    strlcpy(info.compiler, "gcc " __VERSION__, sizeof(info.compiler));
    strlcpy(info.compile_by, "ringfort", sizeof(info.compile_by));
    return copy_version_struct(arg, &info, sizeof(info));
}

static uint32_t features(const struct domain *d)
{
    uint32_t map = 1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
                   1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_direct_mapped;

    if (d->is_hardware)
        map |= 1U << XENFEAT_dom0;
    if (bit_test(&d->vm_assist, VMASST_TYPE_pae_extended_cr3))
        map |= 1U << XENFEAT_pae_pgdir_above_4gb;
    return map;
}

static long give_features(uint64_t arg, const struct domain *d)
{
    struct xen_feature_info info;

    if (!copy_from_guest(&info, arg, sizeof(info)))
        return refuse(-EFAULT);
    info.submap = info.submap_idx == 0 ? features(d) : 0;
    return copy_version_struct(arg, &info, sizeof(info));
}

long do_xen_version(int cmd, uint64_t arg)
{
    const struct domain *d = current->domain;
    struct xen_platform_parameters params = {
        .virt_start = d->is_compat ? d->compat_hole_start : HV_VIRT_START,
    };

    switch (cmd) {
    case XENVER_version:
        return 4 << 16 | options.report_minor;
    case XENVER_extraversion:
        return give_text(arg, cmd, XEN_EXTRAVERSION_LEN);
    case XENVER_compile_info:
        return give_compile_info(arg);
    case XENVER_capabilities:
        return give_text(arg, cmd, XEN_CAPABILITIES_INFO_LEN);
    case XENVER_changeset:
        return give_text(arg, cmd, sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return struct_to_guest(arg, &params, xen_platform_parameters) ? 0 : refuse(-EFAULT);
    case XENVER_get_features:
        return give_features(arg, d);
    case XENVER_pagesize:
        return PAGE_SIZE;
    case XENVER_guest_handle:
        return copy_version_struct(arg, d->handle, sizeof(d->handle));
    case XENVER_commandline:
        return give_text(arg, cmd, sizeof(xen_commandline_t));
    case XENVER_build_id:
        return -ENODATA;
    default:
        return version_added_4_20(cmd, arg);
    }
}
