/* A domain's CPUID policy as the tools wish it. Pure. */
#ifndef CONTROL_POLICY_MERGE_H
#define CONTROL_POLICY_MERGE_H

#include "x86/cpuid.h"

/* True for a leaf that the tools' form of a policy has room for; they refuse any other. */
bool policy_leaf_known(uint32_t leaf, uint32_t subleaf);

/* Steps through all leaves of the tools' form, starting with {0, XEN_CPUID_NO_SUBLEAF}: makes *leaf
 * and *subleaf the next place. False past the last one. */
bool policy_next_place(uint32_t *leaf, uint32_t *subleaf);

/* The leaf at a place of a policy; a leaf of zeros where there is none. */
struct xen_cpuid_leaf policy_leaf_at(const struct cpu_policy *p, uint32_t leaf, uint32_t subleaf);

/* Puts one leaf that the tools wish for into policy `p`, cut to what `most` has: of features only
 * those, of limits no higher ones. Returns 0; -ERANGE for a leaf that the tools' form has no room
 * for, -EINVAL for a higher limit or another vendor, -ENOSPC. */
int policy_merge(struct cpu_policy *p, const struct cpu_policy *most,
                 const struct xen_cpuid_leaf *wish);

/* The feature words of a policy in the order the tools keep them. */
#define FEATURE_WORDS 16
void policy_features(const struct cpu_policy *p, uint32_t words[FEATURE_WORDS]);

#endif
