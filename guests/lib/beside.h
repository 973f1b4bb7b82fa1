/* Two domains with one image: Domain0, and one without privileges that the sidecar's "beside"
 * starts. The second one's verdict is the reason with which it ends. */
#ifndef GUEST_BESIDE_H
#define GUEST_BESIDE_H

#include "abi.h"

#define BESIDE_DOMAIN 1

/* Whether this is the one without privileges. */
bool is_beside(void);

/* A page of zeros that both see: that domain's, granted to Domain0. Domain0 waits for it. */
volatile void *beside_page(void);

/* Waits, at most so long, until a word of that page has (at least) a value: a check. */
bool beside_reach(volatile uint32_t *word, uint32_t value, uint64_t nanoseconds);

/* In Domain0: checks that the other ends within that time, and content. */
void beside_wait(uint64_t nanoseconds);

#endif
