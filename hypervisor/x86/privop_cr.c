#include "x86/privop_cr.h"

#include "domain/domain.h"
#include "lib/errno.h"
#include "memory/mmu.h"
#include "x86/context.h"
#include "x86/cpu.h"
#include "x86/cpuid.h"
#include "x86/entry.h"

uint64_t shown_cr0(const struct vcpu *v)
{
    return (read_cr0() & ~CR0_TS) | v->arch.cr0_ts;
}

bool read_cr(struct vcpu *v, unsigned number, uint64_t *value)
{
    switch (number) {
    case 0:
        *value = shown_cr0(v);
        return true;
    case 2:
        *value = vcpu_cr2(v);
        return true;
    case 3:
        *value = guest_cr3(v->domain, v->memory.kernel_root);
        return true;
    case 4:
        *value = CR4_GUEST_SHOWN | v->arch.cr4;
        return true;
    default:
        return false;
    }
}

/* Only TS is the guest's to change; a write that changes another bit is refused. */
static bool write_cr0_ts(struct vcpu *v, uint64_t value)
{
    if ((value ^ shown_cr0(v)) & ~CR0_TS)
        return false;
    do_fpu_taskswitch(!!(value & CR0_TS));
    return true;
}

static void set_cr4(struct vcpu *v, uint64_t value)
{
    v->arch.cr4 = value & CR4_GUEST & (cpu_features.xsave ? ~0UL : ~CR4_OSXSAVE);
    load_guest_cr4(v);
}

int set_cr(struct vcpu *v, unsigned number, uint64_t value)
{
    switch (number) {
    case 0:
        return write_cr0_ts(v, value) ? 0 : -EINVAL;
    case 2:
        vcpu_set_cr2(v, value);
        return 0;
    case 3:
        return mmu_new_baseptr(guest_cr3_mfn(v->domain, value));
    case 4:
        set_cr4(v, value);
        return 0;
    default:
        return -EINVAL;
    }
}
