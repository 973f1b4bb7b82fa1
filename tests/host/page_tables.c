/* See page_tables.h. */
#include "page_tables.h"

#include "memory/frame_table.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"

uint64_t *table(mfn_t m)
{
    return mfn_to_virt(m);
}

uint32_t refs(mfn_t m)
{
    return frame_of(m)->count & COUNT_REFS;
}

long update_as(unsigned foreign, mfn_t m, unsigned index, uint64_t value, unsigned command)
{
    struct mmu_update req = {(mfn_maddr(m).a + index * sizeof(uint64_t)) | command, value};
    long rc = do_mmu_update((uint64_t)&req, 1, 0, foreign);

    memory_oracle();
    return rc;
}

long update(mfn_t m, unsigned index, uint64_t value)
{
    return update_as(DOMID_SELF, m, index, value, MMU_NORMAL_PT_UPDATE);
}

long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.linear_addr = arg1, .arg2.src_mfn = arg2};
    long rc = do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF);

    memory_oracle();
    return rc;
}
