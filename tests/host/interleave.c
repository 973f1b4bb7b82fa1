/* See interleave.h: host_point() is where the host's READ_ONCE() comes by (tests/host/include). */
#include "interleave.h"

#include "lib/types.h"

#include <stdbool.h>
#include <stddef.h>

static interleave_fn *second;
static unsigned left; /* reads until its turn */
static bool each;     /* at every read */
static bool running;  /* its own reads do not count */

void host_point(void)
{
    if (!second || running || (!each && --left))
        return;
    running = true;
    second();
    running = false;
    if (!each)
        second = NULL;
}

unsigned interleave(interleave_fn *prepare, interleave_fn *one, interleave_fn *other,
                    interleave_fn *check)
{
    unsigned points = 0;
    bool happened;

    do {
        prepare();
        left = ++points;
        second = other;
        one();
        happened = !second;
        second = NULL;
        check();
    } while (happened);
    return points - 1;
}

void interleave_each(interleave_fn *one, interleave_fn *other)
{
    each = true;
    second = other;
    one();
    second = NULL;
    each = false;
}
