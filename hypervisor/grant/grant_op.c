/* The grant_table_op hypercall. */
#include "grant/table.h"

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"

/* Operations that take a list, of which each element reports for itself. */
static long list_op(unsigned cmd, uint64_t uop, unsigned count)
{
    /* The sign bit of the count: guests pass what could not be an int. */
    if (count > INT32_MAX)
        return refuse(-EINVAL);
    switch (cmd) {
    case GNTTABOP_map_grant_ref:
        return grant_op_map(uop, count);
    case GNTTABOP_unmap_grant_ref:
        return grant_op_unmap(uop, count);
    case GNTTABOP_unmap_and_replace:
        return grant_op_unmap_and_replace(uop, count);
    case GNTTABOP_copy:
        return grant_op_copy(uop, count);
    case GNTTABOP_transfer:
        return grant_op_transfer(uop, count);
    default:
        return refuse(-ENOSYS);
    }
}

/* Version 2 and its status frames, and swapping of entries are not offered: current guests use none
 * of them, and each has cost other hypervisors their isolation. */
long do_grant_table_op(unsigned cmd, uint64_t uop, unsigned count)
{
    switch (cmd) {
    case GNTTABOP_setup_table:
        return count == 1 ? grant_op_setup_table(uop) : refuse(-EINVAL);
    case GNTTABOP_query_size:
        return count == 1 ? grant_op_query_size(uop) : refuse(-EINVAL);
    case GNTTABOP_set_version:
        return count == 1 ? grant_op_set_version(uop) : refuse(-EINVAL);
    case GNTTABOP_get_version:
        return count == 1 ? grant_op_get_version(uop) : refuse(-EINVAL);
    default:
        return list_op(cmd, uop, count);
    }
}
