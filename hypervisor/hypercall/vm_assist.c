/* What a guest asks to be helped with. Only flags are kept here; those who help look at them. */
#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/mmu.h"
#include "x86/current.h"

/* Types that have an effect (pae_extended_cr3, runstate_update_flag), or whose effect every guest
 * has anyway (writable_pagetables), or of which guests only expect that they are taken (segments). */
#define ACCEPTED_TYPES                                                                             \
    (UINT64_C(1) << VMASST_TYPE_4gb_segments | UINT64_C(1) << VMASST_TYPE_4gb_segments_notify |    \
     UINT64_C(1) << VMASST_TYPE_writable_pagetables |                                              \
     UINT64_C(1) << VMASST_TYPE_pae_extended_cr3 |                                                 \
     UINT64_C(1) << VMASST_TYPE_runstate_update_flag)

long do_vm_assist(unsigned cmd, unsigned type)
{
    struct domain *d = current->domain;

    if (type >= 64 || !(ACCEPTED_TYPES >> type & 1))
        return refuse(-EINVAL);

    switch (cmd) {
    case VMASST_CMD_enable:
        bit_test_and_set(&d->vm_assist, type);
        return 0;
    case VMASST_CMD_disable:
        bit_test_and_clear(&d->vm_assist, type);
        return 0;
    default:
        return refuse(-ENOSYS);
    }
}
