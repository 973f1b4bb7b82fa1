/* The forms that two calls had before 2006, which GNU Mach still uses: they do what today's do, and
 * check as much. */
#include "guest.h"

static long old_event_channel_op(struct evtchn_op *op)
{
    return hypercall1(__HYPERVISOR_event_channel_op_compat, (unsigned long)op);
}

static long old_sched_op(unsigned cmd, unsigned long argument)
{
    return hypercall2(__HYPERVISOR_sched_op_compat, cmd, argument);
}

static void check_events(void)
{
    struct evtchn_op op = {.cmd = EVTCHNOP_alloc_unbound};
    evtchn_port_t port;

    op.u.alloc_unbound.dom = DOMID_SELF;
    op.u.alloc_unbound.remote_dom = DOMID_SELF;
    CHECK_EQ(old_event_channel_op(&op), 0);
    port = op.u.alloc_unbound.port;
    REQUIRE(port > 0);
    op = (struct evtchn_op){.cmd = EVTCHNOP_status};
    op.u.status.dom = DOMID_SELF;
    op.u.status.port = port;
    CHECK_EQ(old_event_channel_op(&op), 0);
    CHECK_EQ(op.u.status.status, EVTCHNSTAT_unbound);
    op = (struct evtchn_op){.cmd = EVTCHNOP_send};
    op.u.send.port = port;
    CHECK_EQ(old_event_channel_op(&op), event_send(port));
    op = (struct evtchn_op){.cmd = EVTCHNOP_close};
    op.u.close.port = port;
    CHECK_EQ(old_event_channel_op(&op), 0);
    CHECK_EQ(old_event_channel_op(&op), -XEN_EINVAL);
    op.cmd = 99;
    CHECK_EQ(old_event_channel_op(&op), -XEN_ENOSYS);
    CHECK_EQ(old_event_channel_op(NULL), -XEN_EFAULT);
    CHECK_EQ(old_event_channel_op((void *)NO_ADDRESS), -XEN_EFAULT);
    CHECK_EQ(old_event_channel_op((void *)(NO_ADDRESS - 4)), -XEN_EFAULT);
}

static void check_processor(void)
{
    CHECK_EQ(old_sched_op(SCHEDOP_yield, 0), 0);
    /* An event that is there already ends the wait at once. */
    vcpu_info()->evtchn_upcall_pending = 1;
    CHECK_EQ(old_sched_op(SCHEDOP_block, 0), 0);
    vcpu_info()->evtchn_upcall_pending = 0;
    event_disable();
    CHECK_EQ(old_sched_op(SCHEDOP_poll, 0), -XEN_ENOSYS);
    CHECK_EQ(old_sched_op(99, 0), -XEN_ENOSYS);
}

void test(void)
{
    event_disable();
    check_events();
    check_processor();
}
