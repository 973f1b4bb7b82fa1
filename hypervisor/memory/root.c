/* Base pointers: which roots a vCPU uses (rule 7), and the moment they change. */
#include "memory/root.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/hypmap.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/tlb.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/smp.h"

static int root_take(struct domain *d, mfn_t root)
{
    int rc;

    if (!mfn_is_named(root) || !mfn_valid(root))
        return refuse(-EINVAL);
    spin_lock(&d->paging_lock);
    rc = frame_get_typed(frame_of(root), d, d->is_compat ? FRAME_L3 : FRAME_L4);
    spin_unlock(&d->paging_lock);
    return rc;
}

static void root_give(struct domain *d, mfn_t root)
{
    if (!mfn_is_named(root))
        return;
    spin_lock(&d->paging_lock);
    frame_put_typed(frame_of(root));
    spin_unlock(&d->paging_lock);
}

/* Makes the base pointers of `current` the processor's. Without isolation the user's translations
 * are global and stay: the caller flushes them before the guest runs on. */
static void root_reload(struct vcpu *v)
{
    unsigned long flags = irq_save();

    /* A copy's source frame may have been another root in between. */
    v->memory.root_changed = root_mode != ROOT_GLOBAL;
    root_load_current();
    irq_restore(flags);
}

int root_switch(mfn_t root, bool user)
{
    struct vcpu *v = current;
    mfn_t *place = user ? &v->memory.user_root : &v->memory.kernel_root;
    bool none = user && root.n == 0;
    mfn_t old = *place;
    int rc = mmu_drain_dying(v);

    if (user && v->domain->is_compat)
        return refuse(-EOPNOTSUPP);
    if (!rc && !none)
        rc = root_take(v->domain, root);
    if (rc)
        return rc;
    *place = none ? INVALID_MFN : root;
    /* In kernel mode the user root is loaded by the next switch to user mode. */
    if (user && v->arch.in_kernel)
        v->memory.root_changed = root_mode != ROOT_GLOBAL;
    else
        root_reload(v);
    root_give(v->domain, old);
    return 0;
}

int mmu_new_baseptr(mfn_t root)
{
    int rc = root_switch(root, false);

    if (!rc && root_mode == ROOT_GLOBAL)
        tlb_flush_local();
    return rc;
}

int vcpu_set_root(struct vcpu *v, mfn_t root, bool user)
{
    mfn_t *place = user ? &v->memory.user_root : &v->memory.kernel_root;
    mfn_t old = *place;
    int rc = mmu_drain_dying(current);

    if (!rc)
        rc = root_take(v->domain, root);
    if (rc)
        return rc;
    *place = root;
    v->memory.root_changed = true;
    root_give(v->domain, old);
    return 0;
}

/* Takes the reference away; what dies of it is taken down here, in steps. */
static int root_drop(struct vcpu *v, mfn_t *place)
{
    struct domain *d = v->domain;
    struct frame *f;
    int rc;

    if (!mfn_is_named(*place))
        return 0;
    f = frame_of(*place);
    *place = INVALID_MFN;
    spin_lock(&d->paging_lock);
    rc = type_put_nested(f);
    frame_put(f);
    spin_unlock(&d->paging_lock);
    if (!rc)
        return 0;
    v->memory.dying_table = frame_mfn(f);
    return rc;
}

int vcpu_drop_roots(struct vcpu *v)
{
    int rc = mmu_drain_dying(v);

    if (!rc)
        rc = root_drop(v, &v->memory.kernel_root);
    if (!rc)
        rc = root_drop(v, &v->memory.user_root);
    return rc;
}

void root_entry_changed(struct domain *d, mfn_t root)
{
    cpumask_t cpus;
    struct vcpu *v;

    if (root_mode == ROOT_GLOBAL)
        return;
    for_each_vcpu (d, v)
        if (mfn_eq(v->memory.kernel_root, root) || mfn_eq(v->memory.user_root, root))
            WRITE_ONCE(v->memory.root_changed, true);
    if (current->domain == d && current->memory.root_changed) {
        unsigned long flags = irq_save();

        root_load_current();
        irq_restore(flags);
    }
    /* A CPU that is just switching to one of the vCPUs is seen, or sees the new entry. */
    tlb_domain_cpus(d, &cpus);
    bit_clear(cpus.bits, this_cpu());
    if (!cpumask_empty(&cpus))
        smp_call(&cpus, REMOTE_ROOT_CHANGED, 0);
}
