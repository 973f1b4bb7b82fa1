/* sources: hypervisor/memory/guest_copy.c */
/* property: a range of guest addresses that is accepted has no byte in Ringfort's slots, at a
 * non-canonical address or (32-bit) above 4 GiB, for every start and length. */
#include "domain/domain.h"
#include "memory/guest_copy.h"
#include "proof.h"
#include "x86/current.h"

#define LOW_END (UINT64_C(1) << 47)
#define FOUR_GIB (UINT64_C(1) << 32)

struct vcpu *host_current;

int main(void)
{
    static struct domain d;
    static struct vcpu v;
    uint64_t va = any_u64(), within = any_u64();
    size_t n = any_u64();

    d.is_compat = any_bool();
    v.domain = &d;
    host_current = &v;
    if (!guest_range_ok(va, n)) {
        PROVE(!(n <= PAGE_SIZE && va < FOUR_GIB - PAGE_SIZE), "low addresses are not refused");
        PROVE(d.is_compat || !(n <= PAGE_SIZE && va >= HV_VIRT_END && va < UINT64_MAX - PAGE_SIZE),
              "nor those behind Ringfort");
        return 0;
    }
    ASSUME(within < n);
    PROVE(va + within >= va, "no address wraps");
    if (d.is_compat)
        PROVE(va + within < FOUR_GIB, "a 32-bit guest stays below 4 GiB");
    else
        PROVE(va + within < LOW_END || va + within >= HV_VIRT_END, "Ringfort's slots stay out");
}
