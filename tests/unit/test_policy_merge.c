/* sources: hypervisor/control/policy_merge.c */
/* The tools' wishes for a domain's CPUID: nothing gets in that the machine does not give. */
#include "check.h"
#include "control/policy_merge.h"
#include "lib/errno.h"

#define NONE XEN_CPUID_NO_SUBLEAF

static const struct cpu_policy machine = {
    .count = 5,
    .leaves =
        {
            {.leaf = 0, .subleaf = NONE, .a = 0xd, .b = 1, .c = 2, .d = 3},
            {.leaf = 1, .subleaf = NONE, .a = 0x600, .c = 0xf0, .d = 0xff00},
            {.leaf = 7, .subleaf = 0, .a = 1, .b = 0x30, .c = 0x3, .d = 0x10},
            {.leaf = 0xd, .subleaf = 0, .a = 7, .b = 832, .c = 832},
            {.leaf = 0x80000000, .subleaf = NONE, .a = 0x80000008, .b = 1, .c = 2, .d = 3},
        },
};

static int wish(struct cpu_policy *p, struct xen_cpuid_leaf l)
{
    return policy_merge(p, &machine, &l);
}

static void test_features_are_cut(void)
{
    struct cpu_policy p = machine;

    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){1, NONE, 0x700, 5, ~0u, 0xf000}), 0);
    CHECK_EQ(policy_leaf_at(&p, 1, NONE).a, 0x700);
    CHECK_EQ(policy_leaf_at(&p, 1, NONE).c, 0xf0);
    CHECK_EQ(policy_leaf_at(&p, 1, NONE).d, 0xf000);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){7, 0, ~0u, ~0u, 1, ~0u}), 0);
    CHECK_EQ(policy_leaf_at(&p, 7, 0).a, 1);
    CHECK_EQ(policy_leaf_at(&p, 7, 0).b, 0x30);
    CHECK_EQ(policy_leaf_at(&p, 7, 0).c, 1);
    /* Sizes and places of state components are the machine's. */
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0xd, 0, 3, 64, 64, 0}), 0);
    CHECK_EQ(policy_leaf_at(&p, 0xd, 0).a, 3);
    CHECK_EQ(policy_leaf_at(&p, 0xd, 0).c, 832);
    CHECK_EQ(p.count, machine.count);
}

/* A leaf the machine has nothing of stays empty; names and caches may be anything. */
static void test_new_leaves(void)
{
    struct cpu_policy p = machine;

    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x80000021, NONE, ~0u, 0, 0, 0}), 0);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x40000000, NONE, ~0u, 0, 0, 0}), 0);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){7, 1, ~0u, 0, 0, 0}), 0);
    CHECK_EQ(p.count, machine.count);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x80000002, NONE, 'a', 'b', 'c', 'd'}), 0);
    CHECK_EQ(policy_leaf_at(&p, 0x80000002, NONE).d, 'd');
    CHECK_EQ(p.count, machine.count + 1);
}

static void test_refused(void)
{
    struct cpu_policy p = machine;

    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0, NONE, 0xe, 1, 2, 3}), -EINVAL);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0, NONE, 0xd, 1, 2, 4}), -EINVAL);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x80000000, NONE, 0x80000009, 1, 2, 3}), -EINVAL);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0xe, NONE, 0, 0, 0, 0}), -ERANGE);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){1, 0, 0, 0, 0, 0}), -ERANGE);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0xd, 63, 0, 0, 0, 0}), -ERANGE);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0xd, NONE, 0, 0, 0, 0}), -ERANGE);
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x80000022, NONE, 0, 0, 0, 0}), -ERANGE);
    CHECK_EQ(p.count, machine.count);
    p.count = CPU_POLICY_LEAVES;
    CHECK_EQ(wish(&p, (struct xen_cpuid_leaf){0x80000003, NONE, 1, 1, 1, 1}), -ENOSPC);
}

/* Every place that the walk comes to is one that the tools know, and none comes twice. */
static void test_walk(void)
{
    uint32_t leaf = 0, subleaf = NONE, last_leaf = 0, last_subleaf = 0;
    unsigned places = 0;

    do {
        CHECK(policy_leaf_known(leaf, subleaf));
        CHECK(places == 0 || leaf > last_leaf || (leaf == last_leaf && subleaf > last_subleaf));
        last_leaf = leaf;
        last_subleaf = subleaf;
        places++;
    } while (policy_next_place(&leaf, &subleaf));
    CHECK_EQ(places, 10 + 6 + 3 + 2 + 63 + 2 + 34);
    CHECK_EQ(last_leaf, 0x80000021);
}

static void test_feature_words(void)
{
    uint32_t words[FEATURE_WORDS];

    policy_features(&machine, words);
    CHECK_EQ(words[0], 0xff00);
    CHECK_EQ(words[1], 0xf0);
    CHECK_EQ(words[5], 0x30);
    CHECK_EQ(words[9], 0x10);
    CHECK_EQ(words[11], 0);
}

int main(void)
{
    test_features_are_cut();
    test_new_leaves();
    test_refused();
    test_walk();
    test_feature_words();
    return check_report();
}
