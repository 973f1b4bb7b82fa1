/* XEN_MC_*: Domain0 asks for machine-check records. Ringfort keeps none: a machine check that the
 * processor cannot correct stops the machine with a message. */
#include "hypercall/hypercall.h"

#include <xen/arch-x86/xen-mca.h>

#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"

long do_mca(uint64_t arg)
{
    struct xen_mc op;

    if (!copy_from_guest(&op, arg, sizeof(op)))
        return refuse(-EFAULT);
    if (op.interface_version != XEN_MCA_INTERFACE_VERSION)
        return refuse(-EACCES);
    if (op.cmd != XEN_MC_fetch)
        return refuse(-ENOSYS);

    op.u.mc_fetch.flags = XEN_MC_NODATA;
    op.u.mc_fetch.fetch_id = 0;
    return copy_to_guest(arg, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}
