/* sources: */
/* CPUs whose counters are in step keep being so to the tick; others agree on the time to within one
 * round trip, however questions and answers are delayed. */
#include <stdlib.h>

#include "check.h"
#include "time/handshake.h"

#define CASES 200000
#define ROUNDS 8
/* Each reading drops parts of a nanosecond twice: when it shifts, when it multiplies. */
#define ROUNDING 4

/* The boot CPU's counter when the question is put: ticks of its own since its stamp's. */
static uint64_t moment;

static uint64_t random_below(uint64_t limit)
{
    return ((uint64_t)random() << 31 ^ (uint64_t)random()) % limit;
}

static nsec_t time_at(struct tsc_scale scale, struct clock_stamp stamp, uint64_t tsc)
{
    return stamp.time + tsc_scale(scale, tsc - stamp.tsc);
}

/* One round: the answer is given somewhere on the way, the asking CPU's counter is `skew` ahead. */
static struct handshake ask(struct tsc_scale scale, struct clock_stamp boot, int64_t skew)
{
    uint64_t there = random_below(1 << random_below(20)),
             back = random_below(1 << random_below(20));
    struct handshake h = {
        .sent = boot.tsc + moment + (uint64_t)skew,
        .width = there + back,
        .answer = time_at(scale, boot, boot.tsc + moment + there),
    };

    moment += h.width + random_below(10000);
    return h;
}

static void check_case(struct tsc_scale scale, int64_t skew)
{
    struct clock_stamp boot = {.tsc = 1ull << 40, .time = (nsec_t)random_below(NSEC_PER_SEC)}, mine;
    struct handshake best = {.width = UINT64_MAX};
    bool agrees = true;
    nsec_t apart;

    moment = 1ull << 33;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct handshake h = ask(scale, boot, skew);

        agrees = agrees && handshake_agrees(scale, boot, h);
        if (h.width < best.width)
            best = h;
    }
    CHECK(agrees || skew);
    mine = agrees ? boot : handshake_stamp(best);
    moment += random_below(1ull << 36);
    apart = time_at(scale, mine, boot.tsc + moment + (uint64_t)skew) -
            time_at(scale, boot, boot.tsc + moment);
    apart = apart < 0 ? -apart : apart;

    CHECK(apart <= tsc_scale(scale, best.width) + ROUNDING);
    if (!agrees)
        CHECK(apart <= tsc_scale(scale, best.width - best.width / 2) + ROUNDING);
}

int main(void)
{
    static const uint64_t rates[] = {33000000, 1000000000, 2600007000, 5000000000};
    struct tsc_scale scale;

    for (unsigned i = 0; i < CASES; i++) {
        int64_t skew = (int64_t)random_below(1ull << random_below(40));

        scale = tsc_scale_from_hz(rates[i % ARRAY_SIZE(rates)]);
        check_case(scale, 0);
        check_case(scale, i & 1 ? skew : -skew);
    }
    /* A counter that has not counted as far as the boot CPU's had when its clock started. */
    scale = tsc_scale_from_hz(1000000000);
    CHECK(!handshake_agrees(scale, (struct clock_stamp){.tsc = 1000, .time = 0},
                            (struct handshake){.sent = 10, .width = 2000, .answer = 500}));
    return check_report();
}
