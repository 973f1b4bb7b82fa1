/*
 * What two processors do at the same time. A processor learns of another one's work where it reads
 * what both can write, so it is at READ_ONCE() that the host changes from one to the other.
 */
#ifndef TESTS_HOST_INTERLEAVE_H
#define TESTS_HOST_INTERLEAVE_H

#include <stdbool.h>

typedef void interleave_fn(void);

/* For each read: prepare(), one() with all of other() behind that read, check(). How many reads
 * there were. `other` must return at once where it would have to wait. */
unsigned interleave(interleave_fn *prepare, interleave_fn *one, interleave_fn *other,
                    interleave_fn *check);

/* one(), with other() behind each of its reads. */
void interleave_each(interleave_fn *one, interleave_fn *other);

/* one() up to its read number `first`, then other() up to its read number `second`, then the rest
 * of one() and of other(); each also gives way where it waits. `changed` is called before each
 * change, with 0 or 1 for who goes on. True when one() had so many reads. Stops the test when
 * both wait. */
bool interleave_two(interleave_fn *one, interleave_fn *other, unsigned first, unsigned second,
                    void (*changed)(unsigned next));

#endif
