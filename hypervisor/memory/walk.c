/* Looking a guest address up in its tables. */
#include "domain/domain.h"
#include "memory/entry_update.h"
#include "memory/mmu.h"
#include "memory/pte.h"

uint64_t mmu_walk(mfn_t root, uint64_t va)
{
    struct domain *d;
    uint64_t *slot, e;

    if (!mfn_valid(root) || (va >= HV_VIRT_START && va < HV_VIRT_END))
        return 0;
    d = frame_owner(frame_of(root));
    slot = d ? leaf_slot(d, root, va) : NULL;
    e = slot ? READ_ONCE(*slot) : 0;
    return e & PTE_PRESENT ? e : 0;
}
