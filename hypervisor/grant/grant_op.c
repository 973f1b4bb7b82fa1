/* The grant_table_op hypercall. */
#include "grant/table.h"

#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Bytes of an element in the guest's layout; 0: no operation that takes a list. */
static size_t element_size(unsigned cmd)
{
    switch (cmd) {
    case GNTTABOP_map_grant_ref:
        return sizeof(struct gnttab_map_grant_ref);
    case GNTTABOP_unmap_grant_ref:
        return sizeof(struct gnttab_unmap_grant_ref);
    case GNTTABOP_unmap_and_replace:
        return sizeof(struct gnttab_unmap_and_replace);
    case GNTTABOP_copy:
        return guest_sizeof(gnttab_copy);
    case GNTTABOP_transfer:
        return guest_sizeof(gnttab_transfer);
    default:
        return 0;
    }
}

long grant_report(uint64_t at, int status)
{
    int16_t field = (int16_t)status;

    return copy_to_guest(at, &field, sizeof(field)) ? 0 : refuse(-EFAULT);
}

static long element_op(unsigned cmd, uint64_t at)
{
    switch (cmd) {
    case GNTTABOP_map_grant_ref:
        return grant_op_map(at);
    case GNTTABOP_unmap_grant_ref:
        return grant_op_unmap(at);
    case GNTTABOP_unmap_and_replace:
        return grant_op_unmap_and_replace(at);
    case GNTTABOP_copy:
        return grant_op_copy(at);
    default:
        return grant_op_transfer(at);
    }
}

/* Operations that take a list, of which each element reports for itself. */
static long list_op(unsigned cmd, uint64_t uop, unsigned count)
{
    size_t size = element_size(cmd);

    /* The sign bit of the count: guests pass what could not be an int. */
    if (count > INT32_MAX)
        return refuse(-EINVAL);
    if (size == 0)
        return refuse(-ENOSYS);
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = uop + i * size;
        long rc;

        if (i > 0 && preempt_needed())
            return hypercall_restart(__HYPERVISOR_grant_table_op, 3, cmd, at, count - i);
        rc = element_op(cmd, at);
        if (rc)
            return rc;
    }
    return 0;
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
