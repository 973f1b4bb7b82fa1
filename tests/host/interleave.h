/*
 * What two processors do at the same time. A processor learns of another one's work where it reads
 * what both can write, so the host runs `one` and, behind one of its READ_ONCE(), all of `other`;
 * again for each of them. `other` must return at once where it would have to wait.
 */
#ifndef TESTS_HOST_INTERLEAVE_H
#define TESTS_HOST_INTERLEAVE_H

typedef void interleave_fn(void);

/* For each read: prepare(), one() with other() behind that read, check(). How many there were. */
unsigned interleave(interleave_fn *prepare, interleave_fn *one, interleave_fn *other,
                    interleave_fn *check);

/* one(), with other() behind each of its reads. */
void interleave_each(interleave_fn *one, interleave_fn *other);

#endif
