/* Closing ports: one, all of a domain that starts anew, all of a domain that dies. */
#include "event/internal.h"

#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "schedule/schedule.h"
#include "x86/irq.h"
#include "x86/smp.h"

spinlock_t event_pair_lock = SPINLOCK_INIT(LOCK_EVENT);

/* Pair lock and d's event lock. */
static void part(struct domain *d, struct event_port *p)
{
    struct domain *peer = p->peer;

    if (peer != d)
        spin_lock(&peer->event.lock);
    ports_part(p, d->id, port_lookup(&peer->event, p->peer_port));
    if (peer != d)
        spin_unlock(&peer->event.lock);
}

/* Pair lock and event lock. */
static long close_locked(struct domain *d, uint32_t port)
{
    struct event_port *p = port_lookup(&d->event, port);

    if (!p)
        return -EINVAL;
    switch (p->state) {
    case EVTCHNSTAT_closed:
        return -EINVAL;
    case EVTCHNSTAT_interdomain:
        part(d, p);
        break;
    case EVTCHNSTAT_pirq:
        pirq_unbind(d, p->pirq);
        break;
    case EVTCHNSTAT_virq:
        WRITE_ONCE(virq_keeper(d, p->virq, p->vcpu)->event.virq_port[p->virq], 0);
        break;
    }
    port_close(p);
    port_clear_pending(d->shared_info, port);
    return 0;
}

static long close_one(struct domain *d, uint32_t port)
{
    long rc;

    spin_lock(&event_pair_lock);
    spin_lock(&d->event.lock);
    rc = close_locked(d, port);
    spin_unlock(&d->event.lock);
    spin_unlock(&event_pair_lock);
    return rc;
}

long event_close(struct domain *d, uint32_t port)
{
    long rc = close_one(d, port);

    return rc ? refuse(rc) : 0;
}

int event_reset(struct domain *d)
{
    for (uint32_t port = 1; port < d->event.allocated; port++) {
        /* A call that goes on begins at the first port again: those that it has closed, it passes
         * without a lock. */
        if (READ_ONCE(port_lookup(&d->event, port)->state) == EVTCHNSTAT_closed)
            continue;
        if (close_one(d, port) == 0 && preempt_needed())
            return -ERESTART;
    }
    return 0;
}

int event_close_all(struct domain *d)
{
    int rc;

    /* Who opens a port has looked whether the domain lives under this lock: either that port is in
     * the table by now, or it will not be opened. */
    spin_lock(&d->event.lock);
    spin_unlock(&d->event.lock);
    rc = event_reset(d);
    if (rc)
        return rc;
    /* Senders of interrupts run with interrupts off and found the ports either closed or are done
     * by the time their CPU has answered this. */
    smp_call(&cpus_online, REMOTE_FLUSH, 0);
    return 0;
}

int event_init_domain(struct domain *d, unsigned max_port)
{
    spin_init(&d->event.lock, LOCK_EVENT);
    d->event.allocated = 0;
    d->event.limit = MIN(max_port, (unsigned)EVTCHN_2L_NR_CHANNELS - 1) + 1;
    return 0;
}

void event_free_domain(struct domain *d)
{
    for (unsigned i = 0; i < EVENT_PIECES; i++)
        zfree(d->event.pieces[i]);
}
