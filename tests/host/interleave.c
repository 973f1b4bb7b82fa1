/* See interleave.h: the host's READ_ONCE() calls host_point(), its cpu_relax() host_wait()
 * (tests/host/include). */
#include "interleave.h"

#include <sanitizer/common_interface_defs.h>
#include <stddef.h>
#include <ucontext.h>

#include "lib/assert.h"
#include "lib/types.h"
#include "x86/cpu.h"

#define STACK_BYTES (256u << 10)
#define MAX_WAITS 10000u /* of both in turn: neither will go on */

static interleave_fn *second;
static unsigned left; /* reads until its turn */
static bool each;     /* at every read */
static bool running;  /* its own reads do not count */

/* The two of interleave_two(): 0 runs on the stack that there is, 1 on its own. */
static struct {
    bool active, changing; /* reads meanwhile are the test's */
    unsigned side, waits;
    unsigned reads[2], stop[2];
    bool done[2];
    ucontext_t context[2];
    void *fake_stack[2];
    const void *bottom[2];
    size_t size[2];
    interleave_fn *other;
    void (*changed)(unsigned next);
} two;

static char other_stack[STACK_BYTES] __attribute__((aligned(16)));

/* The sanitizer, if this is built with it, is told which stack is used from now on. */
#pragma weak __sanitizer_start_switch_fiber
#pragma weak __sanitizer_finish_switch_fiber

static void change_side(void)
{
    unsigned from = two.side, to = !from;

    two.changing = true;
    two.changed(to);
    two.changing = false;
    two.side = to;
    if (__sanitizer_start_switch_fiber)
        __sanitizer_start_switch_fiber(two.done[from] ? NULL : &two.fake_stack[from],
                                       two.bottom[to], two.size[to]);
    swapcontext(&two.context[from], &two.context[to]);
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(two.fake_stack[from], NULL, NULL);
}

static void run_other(void)
{
    if (__sanitizer_finish_switch_fiber)
        __sanitizer_finish_switch_fiber(NULL, &two.bottom[0], &two.size[0]);
    two.other();
    two.done[1] = true;
    change_side();
}

bool interleave_two(interleave_fn *one, interleave_fn *other, unsigned first, unsigned second_stop,
                    void (*changed)(unsigned next))
{
    bool reached;

    two.active = true;
    two.side = two.waits = 0;
    two.reads[0] = two.reads[1] = 0;
    two.stop[0] = first, two.stop[1] = second_stop;
    two.done[0] = two.done[1] = false;
    two.other = other;
    two.changed = changed;
    two.bottom[1] = other_stack, two.size[1] = STACK_BYTES;
    getcontext(&two.context[1]);
    two.context[1].uc_stack.ss_sp = other_stack;
    two.context[1].uc_stack.ss_size = STACK_BYTES;
    makecontext(&two.context[1], run_other, 0);
    one();
    two.done[0] = true;
    reached = two.reads[0] >= first;
    while (!two.done[1])
        change_side();
    two.active = false;
    return reached;
}

void host_wait(void)
{
    if (!two.active)
        return;
    if (two.done[!two.side] || ++two.waits > MAX_WAITS)
        panic("processor %u waits for ever", two.side);
    change_side();
}

void host_point(void)
{
    if (two.active) {
        if (!two.changing && ++two.reads[two.side] == two.stop[two.side] && !two.done[!two.side])
            change_side();
        return;
    }
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
