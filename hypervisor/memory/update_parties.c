/* The two owners that a page-table call may name. */
#include "memory/update_parties.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/root.h"
#include "schedule/schedule.h"
#include "x86/current.h"

/* Anybody may say that he means device memory. Other domains are for those who may touch them. */
static struct domain *party(domid_t id, bool *ref)
{
    *ref = false;
    if (id == DOMID_SELF || id == current->domain->id)
        return current->domain;
    if (id == DOMID_IO)
        return dom_io;
    *ref = true;
    return domain_get_foreign(id);
}

int parties_get(struct update_parties *p, unsigned foreigndom)
{
    unsigned tables = foreigndom >> 16;

    *p = (struct update_parties){.table_owner = current->domain, .page_owner = current->domain};
    if (likely(foreigndom == DOMID_SELF))
        return 0;
    if (tables) {
        p->table_owner = party(tables - 1, &p->table_ref);
        if (!p->table_owner)
            return refuse(-ESRCH);
        if (p->table_owner == dom_io || p->table_owner == dom_xen) {
            parties_put(p);
            return refuse(-EPERM);
        }
    }
    p->page_owner = party(foreigndom & 0xffff, &p->page_ref);
    if (!p->page_owner) {
        p->page_ref = false;
        parties_put(p);
        return refuse(-ESRCH);
    }
    return 0;
}

void parties_put(struct update_parties *p)
{
    if (p->page_ref)
        domain_put(p->page_owner);
    if (p->table_ref)
        domain_put(p->table_owner);
}

bool batch_is_cut(unsigned index)
{
    return index && (preempt_needed() || mfn_is_named(current->memory.dying_table));
}
