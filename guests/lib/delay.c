#include "delay.h"

#include "guest.h"

#define KINDS 48
/* For each kind at least so many sleeps and steps, unless that takes longer than the last. */
#define SLEEPS 400
#define STEPS 2
#define LONGEST (2 * SECOND)
#define SETTLING 8 /* sleeps before the first one that counts */

struct page {
    uint32_t cause, watched; /* kinds begun, done with */
    uint32_t worst[KINDS], steps[KINDS];
};

static volatile struct page *page;

static void page_find(void)
{
    if (!page)
        page = beside_page();
}

void delay_cause(const struct delay_kind *kinds, unsigned count)
{
    page_find();
    for (uint32_t kind = 0; kind < count; kind++) {
        if (kinds[kind].prepare)
            kinds[kind].prepare();
        page->cause = kind + 1;
        do {
            kinds[kind].step();
            page->steps[kind]++;
        } while (page->watched <= kind);
    }
}

/* Of different lengths, so that they end in any part of a call. */
static uint32_t sleep_once(unsigned number)
{
    uint64_t due = now() + 15000 + number * 7919 % 30011;
    struct sched_poll poll = {.timeout = due};

    sched_op(SCHEDOP_poll, &poll);
    return (uint32_t)(now() - due);
}

static void watch_kind(uint32_t kind)
{
    uint64_t limit = now() + LONGEST;
    uint32_t worst = 0;

    for (unsigned n = 0; n < SLEEPS || page->steps[kind] < STEPS; n++) {
        uint32_t late = sleep_once(n);

        if (n >= SETTLING && late > worst)
            worst = late;
        if (now() > limit)
            break;
    }
    page->worst[kind] = worst;
}

void delay_watch(unsigned count)
{
    page_find();
    for (uint32_t kind = 0; kind < count; kind++) {
        if (!beside_reach(&page->cause, kind + 1, 20 * SECOND))
            return;
        watch_kind(kind);
        page->watched = kind + 1;
    }
}

void delay_check(const struct delay_kind *kinds, unsigned count, uint32_t most)
{
    bool counted = strstr((const char *)start_info->cmd_line, "counted");

    for (unsigned kind = 0; kind < count; kind++) {
        uint32_t worst = page->worst[kind];
        uint32_t bound = kinds[kind].most ? kinds[kind].most : most;

        print("%s: at most %u ns late, %u times\n", kinds[kind].name, worst, page->steps[kind]);
        CHECK(page->steps[kind] >= (counted ? STEPS : 1));
        if (counted && !CHECK(worst <= bound))
            print("%u ns are too many\n", worst);
    }
}
