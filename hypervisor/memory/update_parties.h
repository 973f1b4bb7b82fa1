/* Whose tables and whose frames an update is about, and how a batch is resumed. */
#ifndef MEMORY_UPDATE_PARTIES_H
#define MEMORY_UPDATE_PARTIES_H

#include "lib/types.h"

struct domain;

/* Bit of a batch's count argument: *pdone holds what earlier calls have done. */
#define BATCH_RESUMED (1u << 31)

/* Whether a batch is to be cut before this element, never its first: work waits on the processor,
 * or a table that the last element has let go of is to be taken down first. */
bool batch_is_cut(unsigned index);

struct update_parties {
    struct domain *page_owner, *table_owner;
    bool page_ref, table_ref; /* a reference to give back */
};

/* Decodes the `foreigndom` argument: frames' owner in the low half, tables' owner + 1 (0: the
 * caller) in the high half. 0, -ESRCH, -EPERM, -EINVAL. */
int parties_get(struct update_parties *p, unsigned foreigndom);
void parties_put(struct update_parties *p);

#endif
