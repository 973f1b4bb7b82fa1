/* vm_assist: what a guest may ask Ringfort to do differently. */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/mmu.h"
#include "x86/current.h"

/* The segment and writable-table assists describe what Ringfort does anyway. */
#define KNOWN                                                                                      \
    (UINT64_C(1) << VMASST_TYPE_4gb_segments | UINT64_C(1) << VMASST_TYPE_4gb_segments_notify |    \
     UINT64_C(1) << VMASST_TYPE_writable_pagetables |                                              \
     UINT64_C(1) << VMASST_TYPE_pae_extended_cr3 | UINT64_C(1) << VMASST_TYPE_architectural_iopl | \
     UINT64_C(1) << VMASST_TYPE_runstate_update_flag | UINT64_C(1) << VMASST_TYPE_m2p_strict)

long do_vm_assist(unsigned cmd, unsigned type)
{
    uint64_t *assist = &current->domain->vm_assist;
    uint64_t bit;

    if (type >= 64 || !(KNOWN >> type & 1))
        return refuse(-EINVAL);
    bit = UINT64_C(1) << type;
    switch (cmd) {
    case VMASST_CMD_enable:
        __atomic_fetch_or(assist, bit, __ATOMIC_SEQ_CST);
        return 0;
    case VMASST_CMD_disable:
        __atomic_fetch_and(assist, ~bit, __ATOMIC_SEQ_CST);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}
