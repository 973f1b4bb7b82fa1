/*
 * XENMEM_exchange: frames given back for frames with a property that matters to a device,
 * contiguous or low. Works chunk by chunk; a chunk is exchanged whole or not at all.
 *
 * Input frames must be the domain's alone: with any other reference (a mapping, a type, a grant, a
 * pin) the chunk is refused. An input frame is detached first: its count drops to 0, so that nobody
 * can take a reference to it, and its place below the domain's limit is kept for the output.
 */
#include "memory/reservation.h"

#include "domain/domain.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/guest_copy.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* One chunk: `frames` frames in and out. */
struct chunk {
    unsigned in_order, out_order;
    uint64_t frames;
    uint64_t in_at, out_at; /* guest addresses of its elements */
    unsigned address_bits;
    /* Arrays of `frames` elements, one allocation. */
    uint64_t *in;      /* MFNs, all frames of all extents */
    uint64_t *in_pfn;  /* what the array knew them by */
    uint64_t *out_pfn; /* first PFN of each output extent */
    uint64_t *out;     /* first MFN of each output extent */
};

#define CHUNK_ARRAYS 4

static uint64_t in_count(const struct chunk *c)
{
    return c->frames >> c->in_order;
}

static uint64_t out_count(const struct chunk *c)
{
    return c->frames >> c->out_order;
}

/* Gives the first `count` detached frames back to the domain. */
static void inputs_restore(struct domain *d, const struct chunk *c, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        mfn_t m = mfn(c->in[i]);

        /* Attached: its type is forgotten, so a TLB must be, which may still have it writable. */
        if (domain_reattach_frame(d, frame_of(m)) == 0) {
            frame_announce(d, m, c->in_pfn[i]);
            continue;
        }
        /* The domain is ending, or refers to a frame that it has not been told of yet. */
        page_free(mfn_to_virt(m), 0);
        domain_crash(d, "frame %#lx lost in a failed exchange", (unsigned long)m.n);
    }
}

static int inputs_detach(struct domain *d, struct chunk *c)
{
    for (uint64_t i = 0; i < c->frames; i++) {
        mfn_t m = mfn(c->in[i]);

        if (mfn_valid(m))
            c->in_pfn[i] = m2p_get(m);
        if (!mfn_valid(m) || !domain_detach_frame_for_another(d, frame_of(m))) {
            inputs_restore(d, c, i);
            return refuse(-EINVAL);
        }
    }
    return 0;
}

static void outputs_release(struct domain *d, const struct chunk *c, uint64_t count)
{
    for (uint64_t i = 0; i < count << c->out_order; i++) {
        mfn_t m = mfn(c->out[i >> c->out_order] + (i & ((UINT64_C(1) << c->out_order) - 1)));

        if (domain_detach_frame_for_another(d, frame_of(m)))
            page_free(mfn_to_virt(m), 0);
        else
            frame_return(d, m);
    }
}

static int outputs_alloc(struct domain *d, struct chunk *c)
{
    for (uint64_t i = 0; i < out_count(c); i++) {
        struct frame *f = domain_alloc_other_frames(d, c->out_order, c->address_bits);

        if (!f) {
            outputs_release(d, c, i);
            return -ENOMEM;
        }
        c->out[i] = frame_mfn(f).n;
        for (uint64_t j = 0; j < UINT64_C(1) << c->out_order; j++)
            frame_announce(d, mfn(c->out[i] + j), c->out_pfn[i] + j);
    }
    return 0;
}

/* Copies in what the guest's two lists say about this chunk. */
static bool chunk_read(struct chunk *c)
{
    const unsigned order = c->in_order;

    if (!words_from_guest(c->in, c->in_at, in_count(c)) ||
        !words_from_guest(c->out_pfn, c->out_at, out_count(c)))
        return false;
    /* From the back, so that an extent's first MFN is read before its place is written over. */
    for (uint64_t i = c->frames; i-- > 0;)
        c->in[i] = c->in[i >> order] + (i & ((UINT64_C(1) << order) - 1));
    return true;
}

static int chunk_exchange(struct domain *d, struct chunk *c)
{
    int rc;

    if (!chunk_read(c))
        return refuse(-EFAULT);
    rc = inputs_detach(d, c);
    if (rc)
        return rc;
    rc = outputs_alloc(d, c);
    if (rc) {
        inputs_restore(d, c, c->frames);
        return rc;
    }
    for (uint64_t i = 0; i < c->frames; i++)
        page_free(mfn_to_virt(mfn(c->in[i])), 0);
    return words_to_guest(c->out_at, c->out, out_count(c)) ? 0 : refuse(-EFAULT);
}

/* Checks everything about the request but the frames. Both lists are checked whole, from their
 * beginning, however far the caller says it has come. */
static int request_check(const struct xen_memory_exchange *x)
{
    unsigned chunk_order = MAX(x->in.extent_order, x->out.extent_order);
    uint64_t in = x->in.nr_extents, out = x->out.nr_extents;

    if (chunk_order > exchange_order_max())
        return refuse(-EPERM);
    if (in > UINT64_MAX >> 24 || out > UINT64_MAX >> 24 || x->nr_exchanged > in)
        return refuse(-EINVAL);
    if (in << x->in.extent_order != out << x->out.extent_order || x->in.domid != x->out.domid)
        return refuse(-EINVAL);
    if ((in << x->in.extent_order | x->nr_exchanged << x->in.extent_order) &
        ((UINT64_C(1) << chunk_order) - 1))
        return refuse(-EINVAL);
    if (!guest_range_ok(handle_addr(x->in.extent_start), in * word_size()) ||
        !guest_range_ok(handle_addr(x->out.extent_start), out * word_size()))
        return refuse(-EFAULT);
    return 0;
}

/* Exchanges from `*done` input extents on; -ERESTART when work waits. */
static int chunks_exchange(struct domain *d, const struct xen_memory_exchange *x, uint64_t *done)
{
    unsigned chunk_order = MAX(x->in.extent_order, x->out.extent_order);
    struct chunk c = {
        .in_order = x->in.extent_order,
        .out_order = x->out.extent_order,
        .frames = UINT64_C(1) << chunk_order,
        .address_bits = extent_address_bits(d, x->out.mem_flags),
    };
    uint64_t total = x->in.nr_extents << c.in_order;
    uint64_t first = x->nr_exchanged << c.in_order, at;
    int rc = 0;

    c.in = zalloc(CHUNK_ARRAYS * c.frames * sizeof(uint64_t));
    if (!c.in)
        return -ENOMEM;
    c.in_pfn = c.in + c.frames;
    c.out_pfn = c.in_pfn + c.frames;
    c.out = c.out_pfn + c.frames;
    for (at = first; at < total; at += c.frames) {
        if (at != first && preempt_needed()) {
            rc = -ERESTART;
            break;
        }
        c.in_at = handle_addr(x->in.extent_start) + (at >> c.in_order) * word_size();
        c.out_at = handle_addr(x->out.extent_start) + (at >> c.out_order) * word_size();
        rc = chunk_exchange(d, &c);
        if (rc)
            break;
    }
    *done = at >> c.in_order;
    zfree(c.in);
    return rc;
}

long memory_exchange(uint64_t arg)
{
    struct xen_memory_exchange x;
    struct domain *d;
    uint64_t done;
    long rc;

    if (!struct_from_guest(&x, arg, xen_memory_exchange))
        return refuse(-EFAULT);
    rc = request_check(&x);
    if (rc)
        return rc;
    d = domain_get_foreign(x.in.domid);
    if (!d)
        return refuse(current->domain->is_privileged ? -ESRCH : -EPERM);
    done = x.nr_exchanged;
    rc = -EINVAL;
    if (d->id < MAX_DOMAINS && d->state == DOMAIN_ALIVE)
        rc = chunks_exchange(d, &x, &done);
    domain_put(d);
    if (!words_to_guest(arg + guest_offsetof(xen_memory_exchange, nr_exchanged), &done, 1))
        return refuse(-EFAULT);
    if (rc == -ERESTART)
        return hypercall_restart(__HYPERVISOR_memory_op, 2, (unsigned long)XENMEM_exchange, arg);
    return rc;
}
