/* See one_root.h. */
#include "one_root.h"

#include "lib/assert.h"
#include "memory/hypmap.h"
#include "memory/mmu.h"

mfn_t root, l3, l2, l1, data, spare;

struct domain *one_root(unsigned id)
{
    mfn_t *const frames[] = {&root, &l3, &l2, &l1, &data, &spare};
    struct domain *d = machine_domain(id);

    machine_reset();
    root_mode = ROOT_GLOBAL;
    machine_run(id);
    for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
        *frames[i] = machine_frame(d);
    table(root)[1] = pte_make(l3, TABLE);
    table(l3)[2] = pte_make(l2, TABLE);
    table(l2)[3] = pte_make(l1, TABLE);
    table(l1)[4] = pte_make(data, DATA);
    if (mmu_new_baseptr(root))
        panic("a root that must be valid is refused");
    machine_flushes = 0;
    return d;
}
