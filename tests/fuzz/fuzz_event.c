/* sources: tests/host/panic.c tests/host/small_world.c tests/host/event_world.c hypervisor/lib/spinlock.c hypervisor/event/port.c hypervisor/event/bind.c hypervisor/event/send.c hypervisor/event/close.c hypervisor/event/event_op.c */
/*
 * Any order of event-channel calls by three domains, with their upcall handlers, masks, interrupts
 * and a domain's death in between; the rules of event_world_check() hold after each step. Four
 * bytes a step: what, who, two operands.
 */
#include "event/internal.h"
#include "event_world.h"

#include <string.h>

enum step {
    STEP_CALL_LAST = EVTCHNOP_set_priority,
    STEP_UPCALL,
    STEP_MASK,
    STEP_VIRQ,
    STEP_GLOBAL_VIRQ,
    STEP_PIRQ,
    STEP_DIE,
    STEP_NO_MEMORY,
    STEP_PREEMPT,
    STEPS
};

/* The union of all argument structures, filled from two operands where fields differ in place. */
static void call(unsigned cmd, uint8_t a, uint8_t b)
{
    union {
        struct evtchn_alloc_unbound alloc;
        struct evtchn_bind_interdomain interdomain;
        struct evtchn_status status;
        struct evtchn_reset reset;
        uint32_t words[16];
    } args = {.words = {0}};

    switch (cmd) {
    case EVTCHNOP_alloc_unbound:
        args.alloc.dom = a % 4 == 3 ? DOMID_SELF : a % 4;
        args.alloc.remote_dom = b % 4 == 3 ? DOMID_SELF : b % 4;
        break;
    case EVTCHNOP_bind_interdomain:
        args.interdomain.remote_dom = a % 4 == 3 ? DOMID_SELF : a % 4;
        args.interdomain.remote_port = b;
        break;
    case EVTCHNOP_status:
        args.status.dom = a % 4 == 3 ? DOMID_SELF : a % 4;
        args.status.port = b;
        break;
    case EVTCHNOP_reset:
        args.reset.dom = a % 4 == 3 ? DOMID_SELF : a % 4;
        break;
    default:
        args.words[0] = a;
        args.words[1] = b;
    }
    do_event_channel_op(cmd, (uint64_t)&args);
}

static void die(struct domain *d)
{
    d->state = DOMAIN_DYING;
    event_close_all(d);
    d->state = DOMAIN_ALIVE;
}

static void step(const uint8_t *s)
{
    unsigned what = s[0] % STEPS, id = s[1] % WORLD_DOMAINS, vcpu = s[1] / 16 % WORLD_VCPUS;
    struct domain *d = world_domain(id);
    struct vcpu *v = world_vcpu(id, vcpu);

    world_run(id, vcpu);
    switch (what) {
    case STEP_UPCALL:
        event_world_upcall(v);
        break;
    case STEP_MASK:
        bit_set(d->shared_info->evtchn_mask, s[2]);
        break;
    case STEP_VIRQ:
        event_send_vcpu_virq(v, s[2] % NR_VIRQS);
        break;
    case STEP_GLOBAL_VIRQ:
        event_send_global_virq(VIRQ_DOM_EXC);
        break;
    case STEP_PIRQ:
        if (port_lookup(&domain0->event, s[2]) &&
            port_lookup(&domain0->event, s[2])->state == EVTCHNSTAT_pirq)
            event_send_pirq(domain0, s[2]);
        break;
    case STEP_DIE:
        die(d);
        break;
    case STEP_NO_MEMORY:
        world_fail_alloc_after(1 + s[2] % 4);
        break;
    case STEP_PREEMPT:
        world_preempt_after(1 + s[2] % 4);
        break;
    default:
        call(what, s[2], s[3]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    event_world_reset(140);
    for (size_t at = 0; at + 4 <= size; at += 4) {
        step(data + at);
        event_world_check();
    }
    event_world_end();
    return 0;
}
