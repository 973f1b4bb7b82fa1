/* sources: */
/* Tick-to-nanosecond scaling over the whole range of processor speeds and years of uptime. */
#include "check.h"
#include "time/tsc_scale.h"

static void check_rate(uint64_t hz)
{
    struct tsc_scale s = tsc_scale_from_hz(hz);
    nsec_t second = tsc_scale(s, hz), last = 0;

    /* One part in 2^31 by the multiplier's width. */
    CHECK(second >= NSEC_PER_SEC - 2 && second <= NSEC_PER_SEC);
    for (uint64_t t = 1; t < UINT64_MAX / 4; t *= 3) {
        nsec_t ns = tsc_scale(s, t);

        if (s.shift <= 0)
            CHECK(ns >= last);
        last = ns;
        if (t > hz * 1000000000ull)
            break;
    }
    /* Ten years at this speed. */
    CHECK(tsc_scale(s, hz * 315360000ull) > 315359999ll * NSEC_PER_SEC);
}

int main(void)
{
    static const uint64_t rates[] = {1000000,    3579545,    33000000,   999999999,
                                     1000000000, 1000000001, 1999999999, 2000000000,
                                     2000000001, 2400000000, 5000000000, 9999999999};

    for (unsigned i = 0; i < ARRAY_SIZE(rates); i++)
        check_rate(rates[i]);
    return check_report();
}
