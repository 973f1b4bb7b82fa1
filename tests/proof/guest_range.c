/* sources: hypervisor/memory/guest_copy.c */
/* property: a range of guest addresses that is accepted has no byte in Ringfort's slots, at a
 * non-canonical address or (32-bit) in the hole or above 4 GiB, for every start and length. */
#include "domain/domain.h"
#include "memory/guest_copy.h"
#include "proof.h"
#include "x86/current.h"

#define LOW_END (UINT64_C(1) << 47)

struct vcpu *host_current;

int main(void)
{
    static struct domain d;
    static struct vcpu v;
    uint64_t va = any_u64(), within = any_u64();
    size_t n = any_u64();

    d.is_compat = any_bool();
    d.compat_hole_start = any_bool() ? COMPAT_HOLE_DEFAULT : COMPAT_HOLE_PAPER;
    v.domain = &d;
    host_current = &v;
    if (!guest_range_ok(va, n)) {
        PROVE(!(n <= PAGE_SIZE && va < COMPAT_HOLE_DEFAULT - PAGE_SIZE),
              "low addresses are not refused");
        PROVE(d.is_compat || !(n <= PAGE_SIZE && va >= HV_VIRT_END && va < UINT64_MAX - PAGE_SIZE),
              "nor those behind Ringfort");
        return 0;
    }
    ASSUME(within < n);
    PROVE(va + within >= va, "no address wraps");
    if (d.is_compat)
        PROVE(va + within < d.compat_hole_start, "a 32-bit guest stays below its hole");
    else
        PROVE(va + within < LOW_END || va + within >= HV_VIRT_END, "Ringfort's slots stay out");
}
