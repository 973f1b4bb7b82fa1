#include "x86/debugreg.h"

#include "domain/domain.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/guest_copy.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/entry.h"

/* SDM vol. 3, 17.2.4: per breakpoint, two enable bits from bit 0 and, from bit 16, R/W and LEN. */
#define DR7_SHIFT(i) (16 + 4 * (i))
#define DR7_RW_IO 2
#define DR7_LE_GE 0x300UL
#define DR7_WRITABLE 0xffff03ffUL
#define BREAKPOINTS 4

int debugreg_filter_dr7(uint64_t value, uint64_t cr4, uint64_t *out)
{
    if (value >> 32)
        return refuse(-EINVAL);
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        bool enabled = (value >> (2 * i)) & 3;

        if (enabled && (value >> DR7_SHIFT(i) & 3) == DR7_RW_IO && !(cr4 & CR4_DE))
            return refuse(-EINVAL);
    }
    value = (value & DR7_WRITABLE) | DR7_RESET;
    if (!(value & DR7_ENABLED))
        value &= ~DR7_LE_GE;
    *out = value;
    return 0;
}

bool debugreg_active(const struct vcpu *v)
{
    return v->arch.dr[7] & DR7_ENABLED;
}

void debugreg_load(const struct vcpu *v)
{
    if (!debugreg_active(v)) {
        write_dr7(DR7_RESET);
        return;
    }
    write_dr0(v->arch.dr[0]);
    write_dr1(v->arch.dr[1]);
    write_dr2(v->arch.dr[2]);
    write_dr3(v->arch.dr[3]);
    write_dr6(v->arch.dr[6]);
    write_dr7(debugreg_real_dr7(v->arch.dr[7]));
}

int vcpu_set_debugreg(struct vcpu *v, int reg, uint64_t value)
{
    int rc;

    switch (reg) {
    case 0 ... 3:
        /* A breakpoint reaches up to 8 bytes: none may touch Ringfort's range. */
        if (!is_canonical(value) || !guest_range_ok(value, 8))
            return refuse(-EPERM);
        v->arch.dr[reg] = value;
        break;
    case 4:
    case 6:
        if (value >> 32)
            return refuse(-EINVAL);
        v->arch.dr[6] = (value & DR6_TRAPS) | DR6_RESET;
        break;
    case 5:
    case 7:
        rc = debugreg_filter_dr7(value, v->arch.cr4, &value);
        if (rc)
            return rc;
        v->arch.dr[7] = value;
        break;
    default:
        return refuse(-EINVAL);
    }
    if (v == current)
        debugreg_load(v);
    return 0;
}

long do_set_debugreg(int reg, uint64_t value)
{
    return vcpu_set_debugreg(current, reg, value);
}

uint64_t do_get_debugreg(int reg)
{
    const struct vcpu *v = current;

    switch (reg) {
    case 0 ... 3:
        return v->arch.dr[reg];
    case 4:
    case 6:
        return v->arch.dr[6];
    case 5:
    case 7:
        return v->arch.dr[7];
    default:
        return refuse(-EINVAL);
    }
}
