/* How a starting CPU learns the time: it asks the boot CPU, a few times. Pure. */
#ifndef TIME_HANDSHAKE_H
#define TIME_HANDSHAKE_H

#include "time/clock.h"

/* One question and its answer. */
struct handshake {
    uint64_t sent;  /* the asking CPU's counter before the question */
    uint64_t width; /* its ticks from there until the answer was seen */
    nsec_t answer;  /* real time by the boot CPU in between */
};

/* Whether the asking CPU's counter may be in step with the boot CPU's, whose stamp is `boot`: its
 * own clock would have given that answer between question and answer. Counters that are in step
 * always agree; those that agree differ by less than the round trip. */
static inline bool handshake_agrees(struct tsc_scale scale, struct clock_stamp boot,
                                    struct handshake h)
{
    uint64_t ticks = h.sent - boot.tsc;

    return h.sent >= boot.tsc && h.answer >= boot.time + tsc_scale(scale, ticks) &&
           h.answer <= boot.time + tsc_scale(scale, ticks + h.width);
}

/* The stamp of a CPU whose counter is not in step: off by at most half the round trip. */
static inline struct clock_stamp handshake_stamp(struct handshake h)
{
    return (struct clock_stamp){.tsc = h.sent + h.width / 2, .time = h.answer};
}

#endif
