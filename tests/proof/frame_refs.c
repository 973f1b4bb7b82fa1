/* sources: */
/* options: -DPROOF_FRAMES=1 --unwind 3 --object-bits 10 --no-standard-checks */
/* entries: prove_get prove_get_any prove_put prove_release */
/* property: references of one frame, from any count word and owner: one more is taken only of a
 * frame in use by the domain named and below the limit; flags stay; a frame becomes free exactly
 * with its last reference. Steps of other processors between are not part of it. */
#include "world.h"

static struct frame *const f = &frames[0];
static uint32_t before;
static struct domain *owner;

void frame_put_type(struct frame *table)
{
}

static void start(void)
{
    end_mfn = 1;
    section_mapped[0] = 1;
    f->count = before = any_unsigned();
    f->owner = owner = any_bool() ? NULL : &domains[any_bool()];
    /* A free frame has no reference, one in use has an owner. */
    ASSUME(before & COUNT_RAM && (!(before & COUNT_REFS) || owner));
    ASSUME(!(before & COUNT_ALLOCATED) || before & COUNT_REFS);
}

static void check_taken(bool got)
{
    PROVE(got || f->count == before, "a refusal changes nothing");
    PROVE(!got || f->count == before + 1, "one more");
    PROVE(!got || (f->count & ~COUNT_REFS) == (before & ~COUNT_REFS), "flags stay");
    PROVE(!got || before & COUNT_REFS, "never of a free frame");
    PROVE(!got || (before & COUNT_REFS) < COUNT_LIMIT, "nor past the limit");
    PROVE(f->owner == owner, "its owner stays");
}

void prove_get(void)
{
    struct domain *d = &domains[any_bool()];
    bool got;

    start();
    got = frame_get(f, d);
    check_taken(got);
    PROVE(!got || owner == d, "of the owner's frames only");
    PROVE(got || owner != d || !(before & COUNT_REFS) || (before & COUNT_REFS) >= COUNT_LIMIT,
          "and always when there is room");
}

void prove_get_any(void)
{
    struct domain *d;

    start();
    d = frame_get_any(f);
    check_taken(d != NULL);
    PROVE(!d || d == owner, "whose it is");
}

void prove_put(void)
{
    start();
    ASSUME(before & COUNT_REFS);
    /* The allocation is a reference, a type and a partial state hold one each. */
    ASSUME((before & COUNT_REFS) > 1 || !(before & COUNT_ALLOCATED));
    frame_put(f);
    if ((before & COUNT_REFS) == 1) {
        PROVE(f->owner == NULL, "the last reference frees it");
        return;
    }
    PROVE(f->count == before - 1 && f->owner == owner, "any other does not");
}

void prove_release(void)
{
    bool was_first;

    start();
    was_first = domain_release_frame(f);
    PROVE(was_first == ((before & COUNT_ALLOCATED) != 0), "an allocation is given back once");
    PROVE(was_first || f->count == before, "the second time nothing happens");
    if (was_first && (before & COUNT_REFS) > 1)
        PROVE(f->count == (before & ~COUNT_ALLOCATED) - 1 && f->owner == owner, "others keep it");
    if (was_first && (before & COUNT_REFS) == 1)
        PROVE(f->owner == NULL, "nobody else: free");
}
