#include "control/policy_merge.h"

#include "lib/errno.h"
#include "x86/cpuid_policy.h"

#define EXTENDED 0x80000000u
#define HYPERVISOR_LEAVES 0x40000000u
#define HYPERVISOR_LEAVES_2 0x40000100u
/* What the tools of both releases have room for. */
#define TOOLS_MAX_BASIC 0xdu
#define TOOLS_MAX_EXTENDED 0x80000021u

/* Subleaves of a leaf; 0: it has none. */
static uint32_t subleaves(uint32_t leaf)
{
    switch (leaf) {
    case 4:
        return 6;
    case 7:
        return 3;
    case 0xb:
        return 2;
    case 0xd:
        return 63;
    default:
        return 0;
    }
}

bool policy_leaf_known(uint32_t leaf, uint32_t subleaf)
{
    if (subleaves(leaf))
        return subleaf < subleaves(leaf);
    if (subleaf != XEN_CPUID_NO_SUBLEAF)
        return false;
    if (leaf >= EXTENDED)
        return leaf <= TOOLS_MAX_EXTENDED;
    return leaf <= TOOLS_MAX_BASIC || leaf == HYPERVISOR_LEAVES || leaf == HYPERVISOR_LEAVES_2;
}

static uint32_t next_leaf(uint32_t leaf)
{
    switch (leaf) {
    case TOOLS_MAX_BASIC:
        return HYPERVISOR_LEAVES;
    case HYPERVISOR_LEAVES:
        return HYPERVISOR_LEAVES_2;
    case HYPERVISOR_LEAVES_2:
        return EXTENDED;
    default:
        return leaf + 1;
    }
}

bool policy_next_place(uint32_t *leaf, uint32_t *subleaf)
{
    if (subleaves(*leaf) && *subleaf + 1 < subleaves(*leaf)) {
        ++*subleaf;
        return true;
    }
    *leaf = next_leaf(*leaf);
    *subleaf = subleaves(*leaf) ? 0 : XEN_CPUID_NO_SUBLEAF;
    return *leaf < EXTENDED || *leaf <= TOOLS_MAX_EXTENDED;
}

static const struct xen_cpuid_leaf *find(const struct cpu_policy *p, uint32_t leaf,
                                         uint32_t subleaf)
{
    for (unsigned i = 0; i < p->count; i++)
        if (p->leaves[i].leaf == leaf && p->leaves[i].subleaf == subleaf)
            return &p->leaves[i];
    return NULL;
}

struct xen_cpuid_leaf policy_leaf_at(const struct cpu_policy *p, uint32_t leaf, uint32_t subleaf)
{
    const struct xen_cpuid_leaf *l = find(p, leaf, subleaf);

    return l ? *l : (struct xen_cpuid_leaf){.leaf = leaf, .subleaf = subleaf};
}

/* Describes caches or names the processor: changes nothing that works or does not. */
static bool is_description(uint32_t leaf)
{
    return leaf == 2 || leaf == 4 || (leaf >= 0x80000002 && leaf <= 0x80000006);
}

static bool same_vendor(const struct xen_cpuid_leaf *a, const struct xen_cpuid_leaf *b)
{
    return a->b == b->b && a->c == b->c && a->d == b->d;
}

/* `l` is the machine's leaf on entry and the domain's on return. */
static int cut(struct xen_cpuid_leaf *l, const struct xen_cpuid_leaf *wish)
{
    switch (l->leaf) {
    case 0:
    case EXTENDED:
        if (wish->a > l->a || !same_vendor(wish, l))
            return -EINVAL;
        l->a = wish->a;
        return 0;
    case 1:
    case 0x80000001:
        l->a = wish->a;
        l->b = wish->b;
        l->c &= wish->c;
        l->d &= wish->d;
        return 0;
    case 7:
        l->a = l->subleaf == 0 ? MIN(l->a, wish->a) : l->a & wish->a;
        l->b &= wish->b;
        l->c &= wish->c;
        l->d &= wish->d;
        return 0;
    case 0xd:
        /* Subleaf 0 has the components, 1 the instructions; the rest is the layout in memory. */
        if (l->subleaf < 2)
            l->a &= wish->a;
        return 0;
    case 0x80000007:
        l->d &= wish->d;
        return 0;
    case 0x80000008:
        l->b &= wish->b;
        return 0;
    case 0x80000021:
        l->a &= wish->a;
        return 0;
    default:
        return 0;
    }
}

static int put(struct cpu_policy *p, const struct xen_cpuid_leaf *l)
{
    struct xen_cpuid_leaf *old = (struct xen_cpuid_leaf *)find(p, l->leaf, l->subleaf);

    if (!old) {
        if (p->count == CPU_POLICY_LEAVES)
            return -ENOSPC;
        old = &p->leaves[p->count++];
    }
    *old = *l;
    return 0;
}

int policy_merge(struct cpu_policy *p, const struct cpu_policy *most,
                 const struct xen_cpuid_leaf *wish)
{
    const struct xen_cpuid_leaf *machine = find(most, wish->leaf, wish->subleaf);
    struct xen_cpuid_leaf l;
    int rc;

    if (!policy_leaf_known(wish->leaf, wish->subleaf))
        return -ERANGE;
    if (is_description(wish->leaf))
        return wish->a | wish->b | wish->c | wish->d ? put(p, wish) : 0;
    /* What the machine has nothing of stays empty, and Ringfort's own leaves are no policy's. */
    if (!machine)
        return 0;
    l = *machine;
    rc = cut(&l, wish);
    return rc ? rc : put(p, &l);
}

/* Where each word is: leaf, subleaf, and which of EAX to EDX. */
static const struct {
    uint32_t leaf, subleaf;
    char reg;
} places[FEATURE_WORDS] = {
    {1, XEN_CPUID_NO_SUBLEAF, 'd'},
    {1, XEN_CPUID_NO_SUBLEAF, 'c'},
    {0x80000001, XEN_CPUID_NO_SUBLEAF, 'd'},
    {0x80000001, XEN_CPUID_NO_SUBLEAF, 'c'},
    {0xd, 1, 'a'},
    {7, 0, 'b'},
    {7, 0, 'c'},
    {0x80000007, XEN_CPUID_NO_SUBLEAF, 'd'},
    {0x80000008, XEN_CPUID_NO_SUBLEAF, 'b'},
    {7, 0, 'd'},
    {7, 1, 'a'},
    {0x80000021, XEN_CPUID_NO_SUBLEAF, 'a'},
    {7, 1, 'b'},
    {7, 2, 'd'},
    {7, 1, 'c'},
    {7, 1, 'd'},
};

void policy_features(const struct cpu_policy *p, uint32_t words[FEATURE_WORDS])
{
    for (unsigned i = 0; i < FEATURE_WORDS; i++) {
        const struct xen_cpuid_leaf *l = find(p, places[i].leaf, places[i].subleaf);

        words[i] = 0;
        if (l)
            words[i] = places[i].reg == 'a'   ? l->a
                       : places[i].reg == 'b' ? l->b
                       : places[i].reg == 'c' ? l->c
                                              : l->d;
    }
}
