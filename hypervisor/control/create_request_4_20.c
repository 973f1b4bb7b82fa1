/* Compiled with the headers of Debian 13's tools (Makefile). */
#include "control/create_request_fields.h"

_Static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x17, "the headers of 4.20 are wanted here");

void create_request_4_20(struct create_request *to, const void *u)
{
    const struct xen_domctl_createdomain *from = u;

    create_request_fields(to, from);
    to->altp2m_opts = from->altp2m_opts;
}
