#include "control/cpu_policy.h"

#include "control/policy_merge.h"
#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"

/* More than there are places for leaves in the tools' form. */
#define TOOLS_MAX_LEAVES 128

/* The registers that the tools' form of a policy has: both say what Ringfort does not offer. */
static const uint32_t policy_msrs[] = {0xce /* PLATFORM_INFO */, 0x10a /* ARCH_CAPABILITIES */};

/* Copies leaves to an array of *n; *n becomes their number. Empty ones are among them: the tools
 * write a changed policy, which may have more of them filled, into the same array. */
static long leaves_out(uint64_t to, uint32_t *n, const struct cpu_policy *p)
{
    uint32_t leaf = 0, subleaf = XEN_CPUID_NO_SUBLEAF, room = *n;

    *n = 0;
    do {
        struct xen_cpuid_leaf l = policy_leaf_at(p, leaf, subleaf);

        /* Of the state components only those in use are written. */
        if (leaf == 0xd && subleaf > 1 && !l.a)
            continue;
        if (*n == room)
            return refuse(-ENOBUFS);
        if (!copy_to_guest(to + *n * sizeof(l), &l, sizeof(l)))
            return refuse(-EFAULT);
        ++*n;
    } while (policy_next_place(&leaf, &subleaf));
    return 0;
}

static long msrs_out(uint64_t to, uint32_t *n)
{
    if (*n < ARRAY_SIZE(policy_msrs))
        return refuse(-ENOBUFS);
    *n = ARRAY_SIZE(policy_msrs);
    for (unsigned i = 0; i < ARRAY_SIZE(policy_msrs); i++) {
        struct xen_msr_entry entry = {.idx = policy_msrs[i]};

        if (!copy_to_guest(to + i * sizeof(entry), &entry, sizeof(entry)))
            return refuse(-EFAULT);
    }
    return 0;
}

/* What both operations that hand out a policy have in common: without a buffer, how large one is
 * large enough. */
static long policy_out(const struct cpu_policy *p, uint64_t leaves, uint32_t *nr_leaves,
                       uint64_t msrs, uint32_t *nr_msrs)
{
    long rc = 0;

    if (leaves)
        rc = leaves_out(leaves, nr_leaves, p);
    else
        *nr_leaves = TOOLS_MAX_LEAVES;
    if (rc)
        return rc;
    if (!msrs)
        *nr_msrs = ARRAY_SIZE(policy_msrs);
    return msrs ? msrs_out(msrs, nr_msrs) : 0;
}

long sysctl_cpu_policy(struct xen_sysctl_cpu_policy *op)
{
    struct cpu_policy *p;
    enum cpu_view view = CPU_VIEW_GUEST;
    long rc;

    if (op->_rsvd || op->index > XEN_SYSCTL_cpu_policy_hvm_default)
        return refuse(-EINVAL);
    if (op->index == XEN_SYSCTL_cpu_policy_hvm_max ||
        op->index == XEN_SYSCTL_cpu_policy_hvm_default)
        return refuse(-EOPNOTSUPP);
    if (op->index <= XEN_SYSCTL_cpu_policy_host)
        view = CPU_VIEW_MACHINE;
    p = zalloc(sizeof(*p));
    if (!p)
        return -ENOMEM;
    cpu_policy_fill(p, view);
    rc =
        policy_out(p, handle_addr(op->leaves), &op->nr_leaves, handle_addr(op->msrs), &op->nr_msrs);
    zfree(p);
    return rc;
}

long sysctl_cpu_featureset(struct xen_sysctl_cpu_featureset *op)
{
    uint32_t words[FEATURE_WORDS], room = op->nr_features;
    struct cpu_policy *p;

    if (op->index > XEN_SYSCTL_cpu_featureset_hvm_max)
        return refuse(-EINVAL);
    if (op->index == XEN_SYSCTL_cpu_featureset_hvm ||
        op->index == XEN_SYSCTL_cpu_featureset_hvm_max)
        return refuse(-EOPNOTSUPP);
    op->nr_features = FEATURE_WORDS;
    if (!handle_addr(op->features))
        return 0;
    p = zalloc(sizeof(*p));
    if (!p)
        return -ENOMEM;
    cpu_policy_fill(p, op->index <= XEN_SYSCTL_cpu_featureset_host ? CPU_VIEW_MACHINE
                                                                   : CPU_VIEW_GUEST);
    policy_features(p, words);
    zfree(p);
    op->nr_features = MIN(room, FEATURE_WORDS);
    if (!copy_to_guest(handle_addr(op->features), words, op->nr_features * sizeof(words[0])))
        return refuse(-EFAULT);
    return room < FEATURE_WORDS ? -ENOBUFS : 0;
}

long domctl_get_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    struct cpu_policy *copy = zalloc(sizeof(*copy));
    long rc;

    if (!copy)
        return -ENOMEM;
    spin_lock(&d->lock);
    *copy = *d->policy;
    spin_unlock(&d->lock);
    rc = policy_out(copy, handle_addr(op->leaves), &op->nr_leaves, handle_addr(op->msrs),
                    &op->nr_msrs);
    zfree(copy);
    return rc;
}

static long leaves_in(struct cpu_policy *p, const struct cpu_policy *most,
                      struct xen_domctl_cpu_policy *op)
{
    for (uint32_t i = 0; i < op->nr_leaves; i++) {
        struct xen_cpuid_leaf wish;
        int rc;

        if (!copy_from_guest(&wish, handle_addr(op->leaves) + i * sizeof(wish), sizeof(wish)))
            return refuse(-EFAULT);
        rc = policy_merge(p, most, &wish);
        if (rc) {
            op->err_leaf = wish.leaf;
            op->err_subleaf = wish.subleaf;
            return refuse(rc);
        }
    }
    return 0;
}

/* Nothing of these registers is offered, so only that may be asked for. */
static long check_msrs(struct xen_domctl_cpu_policy *op)
{
    for (uint32_t i = 0; i < op->nr_msrs; i++) {
        struct xen_msr_entry wish;
        bool known = false;

        if (!copy_from_guest(&wish, handle_addr(op->msrs) + i * sizeof(wish), sizeof(wish)))
            return refuse(-EFAULT);
        for (unsigned k = 0; k < ARRAY_SIZE(policy_msrs); k++)
            known = known || wish.idx == policy_msrs[k];
        if (!known || wish.flags || wish.val) {
            op->err_msr = wish.idx;
            return refuse(known ? -EINVAL : -ERANGE);
        }
    }
    return 0;
}

static bool any_initialised(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        if (v->initialised)
            return true;
    return false;
}

static long merge_in(struct domain *d, struct cpu_policy *p, const struct cpu_policy *most,
                     struct xen_domctl_cpu_policy *op)
{
    long rc;

    spin_lock(&d->lock);
    *p = *d->policy;
    spin_unlock(&d->lock);
    rc = leaves_in(p, most, op);
    if (rc == 0)
        rc = check_msrs(op);
    if (rc)
        return rc;
    spin_lock(&d->lock);
    *d->policy = *p;
    spin_unlock(&d->lock);
    return 0;
}

long domctl_set_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    struct cpu_policy *p, *most;
    long rc = -ENOMEM;

    op->err_leaf = op->err_subleaf = XEN_CPUID_NO_SUBLEAF;
    op->err_msr = UINT32_MAX;
    if (any_initialised(d))
        return refuse(-EEXIST);
    if (op->nr_leaves > TOOLS_MAX_LEAVES || op->nr_msrs > ARRAY_SIZE(policy_msrs))
        return refuse(-E2BIG);
    p = zalloc(sizeof(*p));
    most = zalloc(sizeof(*most));
    if (p && most) {
        cpu_policy_fill(most, CPU_VIEW_GUEST);
        rc = merge_in(d, p, most, op);
    }
    zfree(p);
    zfree(most);
    return rc;
}
