/* XEN_DOMCTL_shadow_op: of what it names there is the log of dirty frames only, kept without shadow
 * tables. */
#include "control/domctl_ops.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/dirty_log.h"
#include "memory/guest_copy.h"
#include "x86/cpu.h"
#include "x86/current.h"

/* A word of the answer that means nothing here carries the scan's token from one call to the next;
 * callers begin with 0 there. */
static long scan(struct domain *d, struct xen_domctl_shadow_op *op)
{
    struct dirty_scan s = {
        .clean = op->op == XEN_DOMCTL_SHADOW_OP_CLEAN,
        .bitmap = handle_addr(op->dirty_bitmap),
        .pages = op->pages,
        .token = op->stats.fault_count,
    };
    long rc;

    if (op->mode & ~XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
        return refuse(-EINVAL);
    rc = dirty_log_scan(d, &s);
    op->stats.fault_count = rc == -ERESTART ? s.token : 0;
    op->stats.dirty_count = s.dirty;
    return rc;
}

long domctl_shadow_op(struct domain *d, struct xen_domctl_shadow_op *op)
{
    if (d == current->domain)
        return refuse(-EINVAL);
    switch (op->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (op->mode != XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY)
            return refuse(-EINVAL);
        return dirty_log_enable(d, rdtsc());
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return dirty_log_enable(d, rdtsc());
    case XEN_DOMCTL_SHADOW_OP_OFF:
        return dirty_log_disable(d);
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return scan(d, op);
    default:
        return refuse(-EINVAL);
    }
}
