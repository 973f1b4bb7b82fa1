/* GNTTABOP_*: the table itself, its size and its version. */
#include "grant/table.h"

#include "hypercall/compat.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* The domain whose table is asked about, with a reference; NULL and *status otherwise. */
static struct domain *subject(domid_t id, int16_t *status)
{
    int rc;
    struct domain *d = domain_get_subject(id, &rc);

    if (d)
        *status = GNTST_okay;
    else
        *status = rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
    return d;
}

/* A GNTST, or -ERESTART: the table has grown, and other work waits. */
static int setup(struct domain *d, const struct gnttab_setup_table *op)
{
    uint64_t list = handle_addr(op->frame_list);
    unsigned had = d->grants->nr_frames;

    if (op->nr_frames > d->grants->max_frames)
        return GNTST_general_error;
    for (unsigned i = 0; i < op->nr_frames; i++) {
        mfn_t m;

        if (i > had && preempt_needed())
            return -ERESTART;
        if (grant_shared_frame(d, i, &m))
            return GNTST_general_error;
        if (!words_to_guest(list + i * word_size(), &m.n, 1))
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

long grant_op_setup_table(uint64_t uop)
{
    struct gnttab_setup_table op;
    struct domain *d;

    if (!struct_from_guest(&op, uop, gnttab_setup_table))
        return refuse(-EFAULT);
    d = subject(op.dom, &op.status);
    if (d) {
        int status = setup(d, &op);

        domain_put(d);
        if (status == -ERESTART)
            return -ERESTART;
        op.status = (int16_t)status;
    }
    return struct_to_guest(uop, &op, gnttab_setup_table) ? 0 : refuse(-EFAULT);
}

long grant_op_query_size(uint64_t uop)
{
    struct gnttab_query_size op;
    struct domain *d;

    if (!copy_from_guest(&op, uop, sizeof(op)))
        return refuse(-EFAULT);
    d = subject(op.dom, &op.status);
    if (d) {
        op.nr_frames = d->grants->nr_frames;
        op.max_nr_frames = d->grants->max_frames;
        domain_put(d);
    }
    return copy_to_guest(uop, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}

/* There is version 1 only. Its entries name frames of 32 bits: 16 TiB of memory. */
long grant_op_set_version(uint64_t uop)
{
    struct gnttab_set_version op;

    if (!copy_from_guest(&op, uop, sizeof(op)))
        return refuse(-EFAULT);
    if (op.version == 2)
        return refuse(-ENOSYS);
    if (op.version != 1)
        return refuse(-EINVAL);
    return copy_to_guest(uop, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}

long grant_op_get_version(uint64_t uop)
{
    struct gnttab_get_version op;
    struct domain *d;
    int rc;

    if (!copy_from_guest(&op, uop, sizeof(op)))
        return refuse(-EFAULT);
    d = domain_get_subject(op.dom, &rc);
    if (!d)
        return rc;
    domain_put(d);
    op.version = 1;
    return copy_to_guest(uop, &op, sizeof(op)) ? 0 : refuse(-EFAULT);
}
