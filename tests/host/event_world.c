/* See event_world.h. */
#include "event_world.h"

#include "event/internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "schedule/schedule.h"
#include "x86/irq.h"

/* Woken since the test looked, and since the guest took its events. */
static bool woken[WORLD_DOMAINS][WORLD_VCPUS], alerted[WORLD_DOMAINS][WORLD_VCPUS];
static uint32_t pirq_ports[WORLD_PIRQS]; /* 0: not bound; all are domain 0's */
static unsigned pirq_cpus[WORLD_PIRQS];

void event_world_reset(unsigned max_port)
{
    world_reset();
    for (unsigned pirq = 0; pirq < WORLD_PIRQS; pirq++)
        pirq_ports[pirq] = 0;
    for (unsigned id = 0; id < WORLD_DOMAINS; id++) {
        event_init_domain(world_domain(id), max_port);
        for (unsigned i = 0; i < WORLD_VCPUS; i++) {
            struct vcpu *v = world_vcpu(id, i);

            woken[id][i] = alerted[id][i] = false;
            v->event.info = &v->domain->shared_info->vcpu_info[i];
            v->event.info->evtchn_upcall_mask = 1;
        }
    }
}

void event_world_end(void)
{
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        event_free_domain(world_domain(id));
}

bool event_world_woken(struct vcpu *v)
{
    bool was = woken[v->domain->id][v->id];

    woken[v->domain->id][v->id] = false;
    return was;
}

void vcpu_unblock(struct vcpu *v)
{
    woken[v->domain->id][v->id] = alerted[v->domain->id][v->id] = true;
}

unsigned nr_pirqs(void)
{
    return WORLD_PIRQS;
}

int pirq_bind(struct domain *d, unsigned pirq, uint32_t port, bool will_share)
{
    if (pirq == WORLD_PIRQS - 1)
        return -EBUSY;
    if (pirq_ports[pirq])
        return -EEXIST;
    pirq_ports[pirq] = port;
    return 0;
}

void pirq_unbind(struct domain *d, unsigned pirq)
{
    if (!pirq_ports[pirq])
        panic("pirq %u unbound twice", pirq);
    pirq_ports[pirq] = 0;
}

void pirq_set_cpu(struct domain *d, unsigned pirq, unsigned cpu)
{
    pirq_cpus[pirq] = cpu;
}

unsigned event_world_pirq_cpu(unsigned pirq)
{
    return pirq_cpus[pirq];
}

unsigned event_world_upcall(struct vcpu *v)
{
    struct shared_info *s = v->domain->shared_info;
    struct vcpu_info *info = v->event.info;
    unsigned taken = 0;
    uint64_t words;

    alerted[v->domain->id][v->id] = false;
    info->evtchn_upcall_pending = 0;
    words = info->evtchn_pending_sel;
    info->evtchn_pending_sel = 0;
    for (unsigned word = 0; word < 64; word++) {
        uint64_t ready = s->evtchn_pending[word] & ~s->evtchn_mask[word];

        if (!(words >> word & 1))
            continue;
        s->evtchn_pending[word] &= ~ready;
        taken += (unsigned)__builtin_popcountll(ready);
    }
    return taken;
}

/* A vCPU that was told will find the port: its selector names the word, and it is to look. */
static bool is_noticed(const struct domain *d, uint32_t port)
{
    for (unsigned i = 0; i < WORLD_VCPUS; i++) {
        const struct vcpu_info *info = d->vcpus[i]->event.info;

        if (info->evtchn_pending_sel >> port / 64 & 1 && info->evtchn_upcall_pending &&
            alerted[d->id][i])
            return true;
    }
    return false;
}

static void check_port(struct domain *d, uint32_t port, const struct event_port *p)
{
    const struct event_port *other;
    bool pending = port_is_pending(d->shared_info, port);

    if (p->vcpu >= WORLD_VCPUS)
        panic("d%u port %u: vCPU %u", d->id, port, p->vcpu);
    if (pending && !bit_test(d->shared_info->evtchn_mask, port) && !is_noticed(d, port))
        panic("d%u port %u: pending and nobody knows", d->id, port);
    switch (p->state) {
    case EVTCHNSTAT_closed:
        if (pending)
            panic("d%u port %u: closed and pending", d->id, port);
        break;
    case EVTCHNSTAT_interdomain:
        other = port_lookup(&p->peer->event, p->peer_port);
        if (!other || other->state != EVTCHNSTAT_interdomain || other->peer != d ||
            other->peer_port != port)
            panic("d%u port %u: its peer does not name it", d->id, port);
        break;
    case EVTCHNSTAT_virq:
        if (virq_keeper(d, p->virq, p->vcpu)->event.virq_port[p->virq] != port)
            panic("d%u port %u: virq %u goes elsewhere", d->id, port, p->virq);
        break;
    case EVTCHNSTAT_pirq:
        if (d != domain0 || pirq_ports[p->pirq] != port)
            panic("d%u port %u: pirq %u goes elsewhere", d->id, port, p->pirq);
        break;
    }
}

static void check_domain(struct domain *d)
{
    for (uint32_t port = 1; port < d->event.allocated; port++)
        check_port(d, port, port_lookup(&d->event, port));
    for (unsigned i = 0; i < WORLD_VCPUS; i++)
        for (unsigned virq = 0; virq < NR_VIRQS; virq++) {
            uint32_t port = d->vcpus[i]->event.virq_port[virq];
            const struct event_port *p = port ? port_lookup(&d->event, port) : NULL;

            if (port && (!p || p->state != EVTCHNSTAT_virq || p->virq != virq))
                panic("d%u virq %u: port %u is not its", d->id, virq, port);
        }
    if (world_extra_refs(d->id))
        panic("d%u: %u references kept", d->id, world_extra_refs(d->id));
}

void event_world_check(void)
{
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        check_domain(world_domain(id));
    for (unsigned pirq = 0; pirq < WORLD_PIRQS; pirq++)
        if (pirq_ports[pirq] &&
            port_lookup(&domain0->event, pirq_ports[pirq])->state != EVTCHNSTAT_pirq)
            panic("pirq %u: port %u is not its", pirq, pirq_ports[pirq]);
}
