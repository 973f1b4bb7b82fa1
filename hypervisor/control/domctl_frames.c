/* A domain's frames as the saver and the builder see them. */
#include "control/domctl_ops.h"

#include "domain/domain.h"
#include "domain/hypercall_page.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/dirty_log.h"
#include "memory/frame.h"
#include "memory/guest_copy.h"
#include "memory/mapping.h"

#define MAX_FRAMES_PER_CALL 1024

/* What the frame is at this moment; of a domain that runs it may be something else in the next. */
static uint64_t frame_kind(struct domain *d, uint64_t number)
{
    uint64_t kind = XEN_DOMCTL_PFINFO_XTAB;
    struct frame *f;

    if (!mfn_valid(mfn(number)))
        return kind;
    f = frame_of(mfn(number));
    if (!frame_get(f, d))
        return kind;
    /* Ringfort's pages that the domain shares are not its memory to save. */
    if (!frame_is_shared(f))
        kind = frame_info(f);
    dirty_log_told(d, f, kind);
    frame_put(f);
    return kind;
}

long domctl_frame_kinds(struct domain *d, const struct xen_domctl_getpageframeinfo3 *op)
{
    uint64_t list = handle_addr(op->array);

    if (op->num > MAX_FRAMES_PER_CALL)
        return refuse(-E2BIG);
    for (uint64_t at = list; at < list + op->num * sizeof(xen_pfn_t); at += sizeof(xen_pfn_t)) {
        uint64_t word;

        if (!copy_from_guest(&word, at, sizeof(word)))
            return refuse(-EFAULT);
        word = frame_kind(d, word);
        if (!copy_to_guest(at, &word, sizeof(word)))
            return refuse(-EFAULT);
    }
    return 0;
}

long domctl_hypercall_page(struct domain *d, const struct xen_domctl_hypercall_init *op)
{
    mfn_t m = mfn(op->gmfn);

    if (!mfn_valid(m) || frame_get_typed(frame_of(m), d, FRAME_WRITABLE))
        return refuse(-EACCES);
    hypercall_page_fill(mfn_to_virt(m), d->is_compat);
    frame_put_typed(frame_of(m));
    return 0;
}
