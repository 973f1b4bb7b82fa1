/* A vCPU that is not running has no translations anywhere: a CPU drops them when it takes another.
 */
#include "memory/flush_set.h"

#include "domain/domain.h"
#include "memory/guest_copy.h"
#include "x86/current.h"

bool flush_set_of_vcpus(uint64_t bitmap, cpumask_t *cpus)
{
    struct domain *d = current->domain;
    uint64_t ids[BITMAP_WORDS(MAX_VCPUS_PER_DOMAIN)] = {0};
    struct vcpu *v;

    if (!copy_from_guest(ids, bitmap, ROUND_UP(d->max_vcpus, 8u) / 8))
        return false;
    *cpus = (cpumask_t){{0}};
    /* As in tlb_domain_cpus(): what the guest has changed is visible before the look. A vCPU that
     * is not seen to run loads its root later; one that has moved meanwhile left nothing behind. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for_each_vcpu (d, v)
        if (bit_test(ids, v->id) && READ_ONCE(v->sched.is_running))
            bit_set(cpus->bits, READ_ONCE(v->sched.cpu));
    return true;
}
