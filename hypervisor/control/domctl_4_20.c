/* Operations that 4.20's tools have and 4.17's do not. Compiled with the headers of Debian 13's. */
#include "lib/abi.h"
#include <xen/domctl.h>

#include "control/create_request.h"
#include "lib/assert.h"
#include "lib/errno.h"

long domctl_added_4_20(uint32_t cmd, const void *u)
{
    const struct xen_domctl_set_llc_colors *colors = u;

    if (cmd != XEN_DOMCTL_set_llc_colors)
        return refuse(-ENOSYS);
    /* Frames are not chosen by cache colours: asking for none is asking for what there is. */
    return colors->num_llc_colors ? refuse(-EOPNOTSUPP) : 0;
}
