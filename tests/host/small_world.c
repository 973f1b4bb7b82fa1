/* See small_world.h. */
#include "small_world.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall/hypercall.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/smp.h"

struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;
struct domain *domain0;
cpumask_t cpus_online = {{1}};
struct world_restart world_restart;

static struct domain domains[WORLD_DOMAINS];
static struct vcpu vcpus[WORLD_DOMAINS][WORLD_VCPUS];
static struct vcpu *vcpu_tables[WORLD_DOMAINS][WORLD_VCPUS];
static struct shared_info shared[WORLD_DOMAINS];
static unsigned preempt_in, fail_alloc_in, fail_store_in;

static void domain_setup(unsigned id)
{
    struct domain *d = &domains[id];

    *d =
        (struct domain){.id = (domid_t)id, .refs = 1, .max_vcpus = WORLD_VCPUS, .address_bits = 64};
    spin_init(&d->lock, LOCK_DOMAIN);
    list_init(&d->all);
    memset(&shared[id], 0, sizeof(shared[id]));
    d->shared_info = &shared[id];
    d->vcpus = vcpu_tables[id];
    for (unsigned i = 0; i < WORLD_VCPUS; i++) {
        vcpus[id][i] = (struct vcpu){.domain = d, .id = i, .sched.cpu = i};
        vcpu_tables[id][i] = &vcpus[id][i];
    }
}

void world_reset(void)
{
    preempt_in = fail_alloc_in = fail_store_in = 0;
    world_restart = (struct world_restart){0};
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        domain_setup(id);
    domain0 = &domains[0];
    domain0->is_privileged = domain0->is_hardware = true;
    world_run(0, 0);
}

struct domain *world_domain(unsigned id)
{
    return &domains[id];
}

struct vcpu *world_vcpu(unsigned id, unsigned vcpu)
{
    return &vcpus[id][vcpu];
}

void world_run(unsigned id, unsigned vcpu)
{
    host_current = &vcpus[id][vcpu];
}

void world_preempt_after(unsigned calls)
{
    preempt_in = calls;
}

void world_fail_alloc_after(unsigned calls)
{
    fail_alloc_in = calls;
}

void world_fail_store_after(unsigned calls)
{
    fail_store_in = calls;
}

unsigned world_extra_refs(unsigned id)
{
    return domains[id].refs - 1;
}

bool preempt_needed(void)
{
    return preempt_in && --preempt_in == 0;
}

void *zalloc(size_t size)
{
    if (fail_alloc_in && --fail_alloc_in == 0)
        return NULL;
    return calloc(1, size);
}

void zfree(void *p)
{
    free(p);
}

struct domain *domain_get(domid_t id)
{
    struct domain *d = id == DOMID_SELF     ? current->domain
                       : id < WORLD_DOMAINS ? &domains[id]
                                            : NULL;

    if (d)
        domain_ref(d);
    return d;
}

struct domain *domain_get_subject(domid_t id, int *rc)
{
    struct domain *d = domain_get(id);

    *rc = !d ? -ESRCH : d != current->domain && !current->domain->is_privileged ? -EPERM : 0;
    if (d && *rc) {
        domain_put(d);
        d = NULL;
    }
    return d;
}

void domain_ref(struct domain *d)
{
    d->refs++;
}

void domain_put(struct domain *d)
{
    if (--d->refs == 0)
        panic("domain %u given back too often", d->id);
}

bool guest_range_ok(uint64_t va, size_t n)
{
    return va + n >= va && va + n <= UINT64_C(1) << 47;
}

bool copy_from_guest(void *dst, uint64_t va, size_t n)
{
    if (!va || !guest_range_ok(va, n))
        return false;
    memcpy(dst, (const void *)va, n);
    return true;
}

bool copy_to_guest(uint64_t va, const void *src, size_t n)
{
    if (!va || !guest_range_ok(va, n) || (fail_store_in && --fail_store_in == 0))
        return false;
    memcpy((void *)va, src, n);
    return true;
}

long hypercall_restart_with(unsigned op, unsigned nargs, const uint64_t *args)
{
    world_restart = (struct world_restart){.called = true, .op = op, .nargs = nargs};
    memcpy(world_restart.args, args, nargs * sizeof(*args));
    return -ERESTART;
}

/* One CPU: nobody to call. */
void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
}
