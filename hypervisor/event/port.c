/* The state machine of event channel ports and their two-level bitmaps. */
#include "event/port.h"

#include "interface/ringfort.h"
#include "lib/abi32.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"

struct event_port *port_lookup(const struct domain_event *e, uint32_t port)
{
    /* `allocated` grows after the piece is in place, so what it admits is there. */
    if (port == 0 || port >= __atomic_load_n(&e->allocated, __ATOMIC_ACQUIRE))
        return NULL;
    return &e->pieces[port / EVENT_PORTS_PER_PIECE][port % EVENT_PORTS_PER_PIECE];
}

static int grow(struct domain_event *e)
{
    struct event_port *piece;

    piece = zalloc(EVENT_PORTS_PER_PIECE * sizeof(*piece));
    if (!piece)
        return -ENOMEM;
    e->pieces[e->allocated / EVENT_PORTS_PER_PIECE] = piece;
    __atomic_store_n(&e->allocated, e->allocated + EVENT_PORTS_PER_PIECE, __ATOMIC_RELEASE);
    return 0;
}

long port_find_closed(struct domain_event *e)
{
    for (uint32_t port = 1; port < e->limit; port++) {
        if (port >= e->allocated) {
            int rc = grow(e);

            if (rc)
                return rc;
        }
        if (port_lookup(e, port)->state == EVTCHNSTAT_closed)
            return port;
    }
    return refuse(-ENOSPC);
}

void port_open_unbound(struct event_port *p, domid_t peer_id)
{
    p->peer_id = peer_id;
    p->vcpu = 0;
    p->state = EVTCHNSTAT_unbound;
}

void port_open_virq(struct event_port *p, uint32_t virq, unsigned vcpu)
{
    p->virq = virq;
    p->vcpu = (uint16_t)vcpu;
    p->state = EVTCHNSTAT_virq;
}

void port_open_ipi(struct event_port *p, unsigned vcpu)
{
    p->vcpu = (uint16_t)vcpu;
    p->state = EVTCHNSTAT_ipi;
}

void port_open_pirq(struct event_port *p, uint32_t pirq)
{
    p->pirq = pirq;
    p->vcpu = 0;
    p->state = EVTCHNSTAT_pirq;
}

bool port_awaits(const struct event_port *p, domid_t id)
{
    return p->state == EVTCHNSTAT_unbound && p->peer_id == id;
}

void ports_connect(struct event_port *a, struct domain *da, uint32_t port_a, struct event_port *b,
                   struct domain *db, uint32_t port_b)
{
    assert(a->state == EVTCHNSTAT_closed && b->state == EVTCHNSTAT_unbound);
    a->peer = db;
    a->peer_port = port_b;
    a->vcpu = 0;
    b->peer = da;
    b->peer_port = port_a;
    a->state = b->state = EVTCHNSTAT_interdomain;
}

void ports_part(struct event_port *p, domid_t id, struct event_port *other)
{
    assert(p->state == EVTCHNSTAT_interdomain && other->state == EVTCHNSTAT_interdomain);
    other->state = EVTCHNSTAT_unbound;
    other->peer = NULL;
    other->peer_port = 0;
    other->peer_id = id;
    port_close(p);
}

void port_close(struct event_port *p)
{
    *p = (struct event_port){.state = EVTCHNSTAT_closed};
}

bool virq_is_per_vcpu(unsigned virq)
{
    return virq == VIRQ_TIMER || virq == VIRQ_DEBUG || virq == VIRQ_XENOPROF ||
           virq == VIRQ_XENPMU || virq == RINGFORT_VIRQ_ALARM;
}

bool port_is_movable(const struct event_port *p)
{
    switch (p->state) {
    case EVTCHNSTAT_unbound:
    case EVTCHNSTAT_interdomain:
    case EVTCHNSTAT_pirq:
        return true;
    case EVTCHNSTAT_virq:
        return !virq_is_per_vcpu(p->virq);
    default:
        return false;
    }
}

/* The masks of a 32-bit guest, whose arrays are shorter; the pending bits begin at the same place.
 */
static uint64_t *masks(struct shared_info *shared, bool compat)
{
    struct shared_info_x86_32 *narrow = (struct shared_info_x86_32 *)shared;

    return compat ? (uint64_t *)narrow->evtchn_mask : shared->evtchn_mask;
}

/* A selector bit stands for one of the guest's words. Returns what it was. */
static bool set_selector(struct vcpu_info *info, uint32_t port, bool compat)
{
    struct vcpu_info_x86_32 *narrow = (struct vcpu_info_x86_32 *)info;
    uint32_t mask = 1u << (port / 32 % 32);

    if (likely(!compat))
        return bit_test_and_set(&info->evtchn_pending_sel, port / 64);
    return __atomic_fetch_or(&narrow->evtchn_pending_sel, mask, __ATOMIC_SEQ_CST) & mask;
}

/* The guest's upcall clears upcall_pending first, then takes the selector, then the pending words;
 * setting them in the opposite order leaves nothing behind that it does not look at again. */
static bool select_port(struct vcpu_info *info, uint32_t port, bool compat)
{
    if (set_selector(info, port, compat))
        return false;
    return !__atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

enum port_raised port_raise(struct shared_info *shared, struct vcpu_info *info, uint32_t port,
                            bool compat)
{
    if (bit_test_and_set(shared->evtchn_pending, port))
        return RAISED_BEFORE;
    if (bit_test(masks(shared, compat), port))
        return RAISED_QUIETLY;
    return select_port(info, port, compat) ? RAISED_UPCALL : RAISED_QUIETLY;
}

bool port_unmask(struct shared_info *shared, struct vcpu_info *info, uint32_t port, bool compat)
{
    if (!bit_test_and_clear(masks(shared, compat), port))
        return false;
    return bit_test(shared->evtchn_pending, port) && select_port(info, port, compat);
}

void port_clear_pending(struct shared_info *shared, uint32_t port)
{
    bit_test_and_clear(shared->evtchn_pending, port);
}

bool port_is_pending(const struct shared_info *shared, uint32_t port)
{
    return bit_test(shared->evtchn_pending, port);
}

bool port_is_masked(struct shared_info *shared, uint32_t port, bool compat)
{
    return bit_test(masks(shared, compat), port);
}
