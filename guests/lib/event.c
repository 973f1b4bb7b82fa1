#include "event.h"

#include "guest.h"

volatile unsigned event_count[EVENT_PORTS];
volatile unsigned event_vcpu[EVENT_PORTS];

static struct vcpu_info *registered[MAX_VCPUS];
/* Whose each port is: a word of the bitmap has other vCPUs' in it, and each takes its own only. */
static volatile uint8_t keeper[EVENT_PORTS];

struct vcpu_info *vcpu_info(void)
{
    unsigned vcpu = this_vcpu();

    return registered[vcpu] ? registered[vcpu] : &shared_info->vcpu_info[vcpu];
}

long vcpu_info_register(unsigned vcpu)
{
    static struct vcpu_info places[MAX_VCPUS] __attribute__((aligned(PAGE_SIZE)));
    struct vcpu_register_vcpu_info info = {
        .mfn = va_to_mfn(&places[vcpu]),
        .offset = (uint32_t)((uintptr_t)&places[vcpu] & (PAGE_SIZE - 1)),
    };
    long result = vcpu_op(VCPUOP_register_vcpu_info, vcpu, &info);

    if (!result)
        registered[vcpu] = &places[vcpu];
    return result;
}

static void take(unsigned port)
{
    if (keeper[port] != this_vcpu())
        return;
    event_clear(port);
    event_vcpu[port] = this_vcpu();
    event_count[port]++;
}

void event_upcall(void)
{
    struct vcpu_info *info = vcpu_info();

    do {
        xen_ulong_t selected;

        __atomic_store_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
        selected = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; selected; selected &= selected - 1) {
            unsigned word = (unsigned)__builtin_ctzl(selected);
            xen_ulong_t ready = shared_info->evtchn_pending[word] & ~shared_info->evtchn_mask[word];

            for (; ready; ready &= ready - 1)
                take(word * (unsigned)WORD_BITS + (unsigned)__builtin_ctzl(ready));
        }
    } while (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST));
}

void event_enable(void)
{
    struct vcpu_info *info = vcpu_info();

    __atomic_store_n(&info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_SEQ_CST))
        force_upcall();
}

void event_disable(void)
{
    __atomic_store_n(&vcpu_info()->evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
}

bool event_wait(unsigned port, uint64_t nanoseconds)
{
    evtchn_port_t ports[] = {port};
    struct sched_poll poll = {.nr_ports = 1, .timeout = now() + nanoseconds};

    set_xen_guest_handle(poll.ports, ports);
    sched_op(SCHEDOP_poll, &poll);
    if (!event_pending(port))
        return false;
    event_clear(port);
    return true;
}

bool event_pending(unsigned port)
{
    return __atomic_load_n(&shared_info->evtchn_pending[port / WORD_BITS], __ATOMIC_SEQ_CST) >>
               (port % WORD_BITS) &
           1;
}

void event_clear(unsigned port)
{
    __atomic_fetch_and(&shared_info->evtchn_pending[port / WORD_BITS], ~(1UL << (port % WORD_BITS)),
                       __ATOMIC_SEQ_CST);
}

void event_mask(unsigned port)
{
    __atomic_fetch_or(&shared_info->evtchn_mask[port / WORD_BITS], 1UL << (port % WORD_BITS),
                      __ATOMIC_SEQ_CST);
}

void event_unmask(unsigned port)
{
    struct evtchn_unmask unmask = {.port = port};

    event_channel_op(EVTCHNOP_unmask, &unmask);
}

/* A bound port: ready for use. */
static long bound(long result, unsigned port, unsigned vcpu)
{
    if (result)
        return result;
    keeper[port] = (uint8_t)vcpu;
    event_unmask(port);
    return port;
}

long event_bind_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq bind = {.virq = virq, .vcpu = vcpu};
    long result = event_channel_op(EVTCHNOP_bind_virq, &bind);

    return bound(result, bind.port, vcpu);
}

long event_bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};
    long result = event_channel_op(EVTCHNOP_bind_ipi, &bind);

    return bound(result, bind.port, vcpu);
}

long event_alloc_unbound(unsigned domain, unsigned remote)
{
    struct evtchn_alloc_unbound alloc = {.dom = (domid_t)domain, .remote_dom = (domid_t)remote};
    long result = event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

    return bound(result, alloc.port, 0);
}

long event_bind_interdomain(unsigned remote, unsigned port)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = (domid_t)remote, .remote_port = port};
    long result = event_channel_op(EVTCHNOP_bind_interdomain, &bind);

    return bound(result, bind.local_port, 0);
}

long event_send(unsigned port)
{
    struct evtchn_send send = {.port = port};

    return event_channel_op(EVTCHNOP_send, &send);
}

long event_close(unsigned port)
{
    struct evtchn_close close = {.port = port};

    return event_channel_op(EVTCHNOP_close, &close);
}

long event_bind_vcpu(unsigned port, unsigned vcpu)
{
    struct evtchn_bind_vcpu bind = {.port = port, .vcpu = vcpu};
    long result = event_channel_op(EVTCHNOP_bind_vcpu, &bind);

    if (!result)
        keeper[port] = (uint8_t)vcpu;
    return result;
}
