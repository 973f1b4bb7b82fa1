/* SCHEDOP_* (<xen/sched.h>): what a guest says about its own processor. */
#include "domain/domain.h"
#include "event/event.h"
#include "hypercall/compat.h"
#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/bounce.h"
#include "x86/current.h"

#include <xen/sched.h>

#define MAX_POLL_PORTS 128 /* more is refused: the list is walked without a preemption point */

/* Copies the port list in and looks whether one is pending. Sets *first for the event side. */
static long polled_port_pending(const struct sched_poll *poll, bool *pending)
{
    struct vcpu *v = current;
    evtchn_port_t port;

    *pending = false;
    for (unsigned i = 0; i < poll->nr_ports; i++) {
        if (!copy_from_guest(&port, handle_addr(poll->ports) + i * sizeof(port), sizeof(port)))
            return refuse(-EFAULT);
        if (port >= v->domain->event.limit)
            return refuse(-EINVAL);
        if (event_port_pending(v->domain, port))
            *pending = true;
        v->event.poll_port = poll->nr_ports == 1 ? port : 0;
    }
    return 0;
}

/* Marked as blocked before the ports are looked at, so that an event in between wakes us. Where the
 * look fails or finds something, the mark is taken back. */
static long poll_ports(uint64_t arg)
{
    struct vcpu *v = current;
    struct sched_poll poll;
    bool pending;
    long rc;

    if (!struct_from_guest(&poll, arg, sched_poll))
        return refuse(-EFAULT);
    if (poll.nr_ports > MAX_POLL_PORTS)
        return refuse(-EINVAL);
    v->event.poll_port = 0;
    WRITE_ONCE(v->sched.is_polling, true);
    __atomic_store_n(&v->sched.is_blocked, true, __ATOMIC_SEQ_CST);
    rc = polled_port_pending(&poll, &pending);
    if (rc || pending || event_deliverable(v->event.info) || bounce_nmi_due(v)) {
        WRITE_ONCE(v->sched.is_blocked, false);
        return rc;
    }
    if (poll.timeout)
        timer_set(&v->sched.poll_timer, (nsec_t)MIN(poll.timeout, (uint64_t)INT64_MAX));
    work_raise(this_cpu(), WORK_SCHEDULE);
    return 0;
}

static long shut_down(uint64_t arg)
{
    struct sched_shutdown s;

    if (!copy_from_guest(&s, arg, sizeof(s)))
        return refuse(-EFAULT);
    if (s.reason > SHUTDOWN_MAX)
        return refuse(-EINVAL);
    domain_shutdown(current->domain, (int)s.reason);
    return 0;
}

/* Records why the domain is about to go, without stopping it. */
static long set_shutdown_code(uint64_t arg)
{
    struct sched_shutdown s;

    if (!copy_from_guest(&s, arg, sizeof(s)))
        return refuse(-EFAULT);
    if (s.reason > SHUTDOWN_MAX)
        return refuse(-EINVAL);
    current->domain->shutdown_code = (int)s.reason;
    return 0;
}

static long remote_shutdown(uint64_t arg)
{
    struct sched_remote_shutdown s;
    struct domain *d;

    if (!current->domain->is_privileged)
        return refuse(-EPERM);
    if (!copy_from_guest(&s, arg, sizeof(s)))
        return refuse(-EFAULT);
    if (s.reason > SHUTDOWN_MAX)
        return refuse(-EINVAL);
    d = domain_get(s.domain_id);
    if (!d)
        return refuse(-ESRCH);
    domain_shutdown(d, (int)s.reason);
    domain_put(d);
    return 0;
}

/* Two watchdogs a domain: id 0 asks for a free one; a later call feeds it, time-out 0 ends it. */
static long watchdog(uint64_t arg)
{
    struct domain_time *t = &current->domain->time;
    struct sched_watchdog w;
    unsigned i;

    if (!copy_from_guest(&w, arg, sizeof(w)))
        return refuse(-EFAULT);
    if (w.id > ARRAY_SIZE(t->watchdog))
        return refuse(-EINVAL);
    if (w.id == 0) {
        if (!w.timeout)
            return refuse(-EINVAL);
        for (i = 0; i < ARRAY_SIZE(t->watchdog) && t->watchdog_in_use[i]; i++)
            ;
        if (i == ARRAY_SIZE(t->watchdog))
            return refuse(-ENOSPC);
    } else {
        i = w.id - 1;
        if (!t->watchdog_in_use[i])
            return refuse(-EINVAL);
    }
    t->watchdog_in_use[i] = w.timeout != 0;
    if (w.timeout)
        timer_set(&t->watchdog[i], now() + w.timeout * NSEC_PER_SEC);
    else
        timer_stop(&t->watchdog[i]);
    return w.id ? 0 : (long)i + 1;
}

long do_sched_op(int cmd, uint64_t arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
        sched_yield();
        return 0;
    case SCHEDOP_block:
        vcpu_block();
        return 0;
    case SCHEDOP_shutdown:
        return shut_down(arg);
    case SCHEDOP_poll:
        return poll_ports(arg);
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(arg);
    case SCHEDOP_shutdown_code:
        return set_shutdown_code(arg);
    case SCHEDOP_watchdog:
        return watchdog(arg);
    default:
        return -ENOSYS;
    }
}

/* The old form of the one-shot timer: 0 disarms. */
long do_set_timer_op(int64_t timeout)
{
    struct vcpu *v = current;

    if (timeout <= 0)
        timer_stop(&v->time.singleshot);
    else
        timer_set(&v->time.singleshot, timeout);
    return 0;
}

/* The form from before 2006: three commands, and the reason is the argument's low byte. (GNU Mach
 * gives the address of today's structure there, and ends all the same.) */
long do_sched_op_compat(int cmd, uint64_t arg)
{
    switch (cmd) {
    case SCHEDOP_yield:
    case SCHEDOP_block:
        return do_sched_op(cmd, 0);
    case SCHEDOP_shutdown:
        domain_shutdown(current->domain, (uint8_t)arg);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}
