/* How long one domain's calls keep the processor from another, of two domains that share one
 * processor (beside.h). One makes calls that take long, kind by kind; the other sleeps for moments
 * and sees how much later than asked it runs again. */
#ifndef GUEST_DELAY_H
#define GUEST_DELAY_H

#include "abi.h"

/* One kind of call. `prepare`, which may be NULL, is done once before `step` is repeated. */
struct delay_kind {
    const char *name;
    void (*prepare)(void);
    void (*step)(void);
    uint32_t most; /* its own bound; 0: the one of all */
};

/* In the domain that calls: all kinds in turn, each for as long as the other one watches. */
void delay_cause(const struct delay_kind *kinds, unsigned count);

/* In the domain that sleeps. */
void delay_watch(unsigned count);

/* In Domain0, when either has come back: prints what was seen for each kind in nanoseconds. Where
 * time is counted instructions (the word "counted" in its command line) none may be above `most` or
 * what the kind has instead, and each must have been done twice at least. */
void delay_check(const struct delay_kind *kinds, unsigned count, uint32_t most);

#endif
