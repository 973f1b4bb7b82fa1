/*
 * The list of domains: making, finding and forgetting them.
 *
 * References: the creator's one is dropped by the last stage of domain_kill(); others come from
 * domain_get() and from frames that a domain owns. domain_put() may be called under any lock, so
 * the last reference only queues the structure; domain_reap(), which is work of the CPU that
 * dropped it, frees it under the domctl lock, where no walk over domain_list can be under way.
 */
#include "domain/domain.h"

#include "control/trace.h"
#include "grant/grant.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "memory/memory_op.h"
#include "schedule/schedule.h"
#include "time/time.h"
#include "x86/current.h"
#include "x86/entry.h"
#include "x86/irq.h"

#define TABLE_SIZE 256

struct list domain_list = LIST_INIT(domain_list);
spinlock_t domain_list_lock = SPINLOCK_INIT(LOCK_DOMCTL);
struct domain *domain0;
struct domain *dom_io, *dom_xen, *dom_idle;

static struct domain *domain_table[TABLE_SIZE]; /* by the low bits of the id */
static spinlock_t table_lock = SPINLOCK_INIT(LOCK_DOMAIN_TABLE);
static struct domain *dead_domains;

/* The link that leads to domain `id`, or the end of the chain on which it would be. Table lock. */
static struct domain **table_link(domid_t id)
{
    struct domain **link = &domain_table[id % TABLE_SIZE];

    while (*link && (*link)->id != id)
        link = &(*link)->next_alike;
    return link;
}

/* Takes a reference unless the last one has gone. */
static bool domain_try_ref(struct domain *d)
{
    unsigned refs = READ_ONCE(d->refs);

    while (refs != 0)
        if (__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

struct domain *domain_get(domid_t id)
{
    struct domain *d;

    if (id == DOMID_SELF) {
        domain_ref(current->domain);
        return current->domain;
    }
    spin_lock(&table_lock);
    d = *table_link(id);
    if (d && !domain_try_ref(d))
        d = NULL;
    spin_unlock(&table_lock);
    return d;
}

struct domain *domain_get_foreign(domid_t id)
{
    struct domain *self = current->domain;
    struct domain *d;

    if (id == DOMID_SELF || id == self->id) {
        domain_ref(self);
        return self;
    }
    if (!self->is_privileged)
        return NULL;
    if (id != DOMID_IO && id != DOMID_XEN)
        return domain_get(id);
    d = id == DOMID_IO ? dom_io : dom_xen;
    domain_ref(d);
    return d;
}

struct domain *domain_get_subject(domid_t id, int *rc)
{
    struct domain *d = domain_get(id);

    *rc = 0;
    if (!d) {
        *rc = refuse(-ESRCH);
    } else if (d != current->domain && !current->domain->is_privileged) {
        domain_put(d);
        d = NULL;
        *rc = refuse(-EPERM);
    }
    return d;
}

struct domain *domain_at_or_after(unsigned from)
{
    struct domain *d, *found = NULL;

    spin_lock(&domain_list_lock);
    list_for_each (d, &domain_list, all) {
        if (d->id < from)
            continue;
        /* One whose last reference has gone is as good as not there. */
        found = domain_get(d->id);
        if (found)
            break;
    }
    spin_unlock(&domain_list_lock);
    return found;
}

void domain_ref(struct domain *d)
{
    unsigned before = __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);

    if (unlikely(before == 0))
        panic("reference to domain %u after its last one went", d->id);
}

void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    d->state = DOMAIN_DEAD;
    d->next_dead = __atomic_load_n(&dead_domains, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&dead_domains, &d->next_dead, d, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    /* The second notice: the toolstack learns that the domain's id is free. */
    event_send_global_virq(VIRQ_DOM_EXC);
    work_raise(this_cpu(), WORK_REAP);
}

/* Frees what domain_create() and vcpu_create() made; nothing of it is in use. */
static void domain_free(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        vcpu_arch_destroy(v);
        zfree(v);
    }
    zfree(d->vcpus);
    grant_destroy_domain(d);
    event_free_domain(d);
    cpu_policy_free(d);
    zfree(d->e820);
    zfree(d);
}

/* domain_list_lock is held. */
static void reap(void)
{
    struct domain *d = __atomic_exchange_n(&dead_domains, NULL, __ATOMIC_ACQUIRE);

    while (d) {
        struct domain *next = d->next_dead;

        spin_lock(&table_lock);
        *table_link(d->id) = d->next_alike;
        spin_unlock(&table_lock);
        list_del(&d->all);
        domain_free(d);
        d = next;
    }
}

void domain_reap(void)
{
    spin_lock(&domain_list_lock);
    reap();
    spin_unlock(&domain_list_lock);
}

/* Memory for a domain and its array of vCPUs, with the fields that need no subsystem. */
static struct domain *domain_alloc(domid_t id, unsigned max_vcpus)
{
    static uint64_t last_serial;
    struct domain *d = zalloc(sizeof(*d));

    if (!d)
        return NULL;
    d->vcpus = zalloc(max_vcpus * sizeof(d->vcpus[0]));
    if (!d->vcpus) {
        zfree(d);
        return NULL;
    }
    d->id = id;
    d->serial = ++last_serial;
    d->refs = 1;
    d->max_vcpus = max_vcpus;
    d->address_bits = 64;
    d->compat_hole_start = COMPAT_HOLE_DEFAULT;
    d->shutdown_code = -1;
    d->shared_info_mfn = INVALID_MFN;
    list_init(&d->all);
    list_init(&d->pages);
    list_init(&d->shared_pages);
    list_init(&d->teardown);
    spin_init(&d->lock, LOCK_DOMAIN);
    spin_init(&d->paging_lock, LOCK_PAGING);
    spin_init(&d->pages_lock, LOCK_DOMAIN_PAGES);
    spin_init(&d->log_lock, LOCK_DIRTY_LOG);
    return d;
}

/* The page of event bits and clocks that the guest maps; every vCPU starts with upcalls masked. */
static int shared_info_init(struct domain *d)
{
    d->shared_info = page_alloc(0);
    if (!d->shared_info)
        return -ENOMEM;
    d->shared_info_mfn = virt_to_mfn(d->shared_info);
    for (unsigned i = 0; i < LEGACY_VCPUS; i++)
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    return 0;
}

/* Gives each subsystem its part. What a failed one leaves behind is freed here. */
static int subsystems_init(struct domain *d, const struct domain_config *config)
{
    int rc = shared_info_init(d);

    if (rc)
        return rc;
    rc = cpu_policy_init(d);
    if (rc)
        goto no_policy;
    rc = event_init_domain(d, config->max_event_port);
    if (rc)
        goto no_events;
    rc = grant_init_domain(d, config->max_grant_frames, config->max_maptrack_frames);
    if (rc)
        goto no_grants;
    rc = irq_init_domain(d);
    if (rc)
        goto no_irqs;
    rc = ports_init_domain(d);
    if (rc)
        goto no_ports;
    time_init_domain(d);
    sched_init_domain(d);
    frame_share(frame_of(d->shared_info_mfn), d, true);
    return 0;

no_ports:
    irq_free_domain(d);
no_irqs:
    grant_free_domain(d);
    grant_destroy_domain(d);
no_grants:
    event_free_domain(d);
no_events:
    cpu_policy_free(d);
no_policy:
    page_free(d->shared_info, 0);
    return rc;
}

/* Puts the domain where domain_get() and walks over the list find it; ids ascend in the list. */
static void domain_publish(struct domain *d)
{
    struct domain *after;

    list_for_each (after, &domain_list, all)
        if (after->id > d->id)
            break;
    list_add_tail(&after->all, &d->all);
    spin_lock(&table_lock);
    d->next_alike = domain_table[d->id % TABLE_SIZE];
    domain_table[d->id % TABLE_SIZE] = d;
    spin_unlock(&table_lock);
}

static bool is_taken(domid_t id)
{
    bool taken;

    spin_lock(&table_lock);
    taken = *table_link(id) != NULL;
    spin_unlock(&table_lock);
    return taken;
}

int domain_create(domid_t id, const struct domain_config *config, struct domain **out)
{
    struct domain *d;
    int rc;

    if (id >= MAX_DOMAINS || config->max_vcpus == 0 || config->max_vcpus > MAX_VCPUS_PER_DOMAIN)
        return -EINVAL;
    reap();
    if (is_taken(id))
        return -EEXIST;
    d = domain_alloc(id, config->max_vcpus);
    if (!d)
        return -ENOMEM;
    d->is_privileged = config->is_privileged;
    d->is_hardware = config->is_hardware;
    memcpy(d->handle, config->handle, sizeof(d->handle));
    d->controller_pauses = 1;
    d->pauses = 1;
    rc = subsystems_init(d, config);
    if (rc) {
        zfree(d->vcpus);
        zfree(d);
        return rc;
    }
    domain_publish(d);
    trace(RINGFORT_EVENT_DOMAIN_CREATE, current, id, 0);
    *out = d;
    return 0;
}

/* A domain that owns frames or idles but never runs a guest; it is in no list. */
static struct domain *pseudo_domain(domid_t id, unsigned max_vcpus)
{
    struct domain *d = domain_alloc(id, max_vcpus);

    if (!d)
        panic("no memory for pseudo-domain %u", id);
    d->max_pages = UINT64_MAX;
    sched_init_domain(d);
    return d;
}

struct vcpu *domain_idle_vcpu(unsigned cpu)
{
    struct vcpu *v = domain_vcpu(dom_idle, cpu);

    return v ? v : vcpu_create(dom_idle, cpu);
}

void domain_init(void)
{
    struct vcpu *v;

    dom_io = pseudo_domain(DOMID_IO, 1);
    dom_xen = pseudo_domain(DOMID_XEN, 1);
    memory_machphys_share();
    dom_idle = pseudo_domain(DOMID_IDLE, MAX_CPUS);
    dom_idle->is_idle = true;
    v = domain_idle_vcpu(this_cpu());
    if (!v)
        panic("no memory for the first idle vCPU");
    cpu_info()->vcpu = v;
}
