/* Base pointers, from inside memory/. */
#ifndef MEMORY_ROOT_H
#define MEMORY_ROOT_H

#include "lib/types.h"

struct domain;
struct vcpu;

/* False for INVALID_MFN and for frame 0, which is never a guest's: "no table". */
static inline bool mfn_is_named(mfn_t m)
{
    return m.n + 1 > 1;
}

/* NEW_BASEPTR or NEW_USER_BASEPTR of `current`; a user root may be 0 for none. The caller flushes
 * the TLB before the guest runs on when root_mode is ROOT_GLOBAL. 0, -EINVAL, -EOPNOTSUPP,
 * -ERESTART. */
int root_switch(mfn_t root, bool user);

/* An entry of the valid root `root` of `d` has changed: processors that run on a copy of it make it
 * anew before this returns. */
void root_entry_changed(struct domain *d, mfn_t root);

#endif
