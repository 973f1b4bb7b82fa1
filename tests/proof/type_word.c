/* sources: hypervisor/memory/page_type.c */
/* options: -DPROOF_FRAMES=1 -DPROOF_ENTRIES=2 --unwind 4 --object-bits 10 --no-standard-checks */
/* entries: prove_get prove_put prove_pin prove_unpin prove_undo */
/* property: the state machine of one frame, from any state: a type is taken only when no other is in
 * use, validated first, flushed for first; counts move by exactly what is said; nothing is left busy;
 * a partial frame holds itself. Filling and dropping a table may stop anywhere or refuse. 1 frame. */
#include "memory/descriptor.h"
#include "world.h"

static struct frame *const f = &frames[0];
static uint64_t before;
static uint32_t refs_before;
static unsigned checks, drops;
static bool is_unchecked; /* holds descriptors that were refused */

/* Validation may fail or be interrupted at any index; then entries below it are held. */
int table_fill(struct frame *table, uint64_t key, unsigned *index)
{
    unsigned reached = any_unsigned();

    PROVE((f->type & TYPE_PARTIAL) == TYPE_BUSY && !(f->type & TYPE_COUNT), "busy while it is filled");
    PROVE(key_is_table(key) && (f->type & TYPE_KEY) == (key & TYPE_KEY), "filled as what it becomes");
    ASSUME(reached >= *index && reached <= TABLE_ENTRIES);
    checks++;
    *index = reached;
    if (any_bool())
        return any_bool() ? -EINVAL : -ERESTART;
    *index = TABLE_ENTRIES;
    return 0;
}

int table_drop(struct frame *table, uint64_t key, unsigned *index)
{
    unsigned reached = any_unsigned();

    PROVE((f->type & TYPE_PARTIAL) == TYPE_BUSY && !(f->type & TYPE_COUNT), "busy while taken down");
    PROVE(key_is_table(key), "only tables are taken down");
    ASSUME(reached <= *index);
    drops++;
    *index = any_bool() ? 0 : reached;
    return *index ? -ERESTART : 0;
}

int descriptor_page_check(uint64_t *page, bool compat)
{
    PROVE((f->type & TYPE_PARTIAL) == TYPE_BUSY, "busy while it is checked");
    checks++;
    is_unchecked = any_bool();
    return is_unchecked ? -EINVAL : 0;
}

void dying_add(struct frame *table)
{
    PROVE(type_is_partial(f->type), "only what is partial waits in the dying-table slot");
}

static bool word_ok(uint64_t word)
{
    uint64_t partial = word & TYPE_PARTIAL;

    if (partial == TYPE_BUSY || (partial && (word & TYPE_COUNT || !key_is_table(word))))
        return false;
    if (partial >> TYPE_PARTIAL_SHIFT > TABLE_ENTRIES + 1)
        return false;
    if (word & TYPE_PINNED && !(word & TYPE_COUNT && key_is_table(word)))
        return false;
    if (word & TYPE_HISTORY && key_type(word) != FRAME_WRITABLE)
        return false;
    return !(word & TYPE_COUNT) || key_type(word) != FRAME_NONE;
}

static bool refs_ok(void)
{
    return refs_of(0) >= (uint32_t)(f->type & TYPE_COUNT) + type_is_partial(f->type);
}

/* A frame of domain 0 in any state, with a total reference of the caller's beside those counted. */
static void start(void)
{
    end_mfn = 1;
    section_mapped[0] = 1;
    f->type = any_u64() & (TYPE_COUNT | TYPE_KEY | TYPE_PINNED | TYPE_HISTORY | TYPE_PARTIAL);
    f->count = any_unsigned();
    f->stamp = any_unsigned();
    f->owner = &domains[0];
    ASSUME((f->count & ~(COUNT_ALLOCATED | COUNT_REFS)) == COUNT_RAM);
    ASSUME(refs_of(0) < COUNT_LIMIT && word_ok(f->type));
    ASSUME(refs_of(0) > (uint32_t)(f->type & TYPE_COUNT) + type_is_partial(f->type));
    before = f->type;
    refs_before = refs_of(0);
}

/* References beside the partial state's own. */
static uint32_t others(uint32_t refs, uint64_t word)
{
    return refs - type_is_partial(word);
}

static uint64_t any_key(void)
{
    unsigned type = any_unsigned();

    ASSUME(type >= FRAME_L1 && type <= FRAME_SHARED);
    return type_key(type) | (type == FRAME_L2 && any_bool() ? TYPE_TOP_L2 : 0);
}

static void never_busy(void)
{
    PROVE(word_ok(f->type) && refs_ok(), "the frame is left whole, partial or idle, never busy");
    PROVE(!is_unchecked || key_type(f->type) != FRAME_SEGDESC, "what is called descriptors is checked");
    PROVE(others(refs_of(0), f->type) == others(refs_before, before), "other references stay");
}

void prove_get(void)
{
    uint64_t key = any_key();
    bool locked = key_is_table(key) || any_bool(), in_use;
    int rc;

    start();
    in_use = before & TYPE_COUNT;
    rc = type_get(f, key, locked);
    never_busy();
    if (rc == 0) {
        PROVE((f->type & TYPE_COUNT) == (before & TYPE_COUNT) + 1, "one reference more");
        PROVE((f->type & TYPE_KEY) == key, "of the type asked for");
        PROVE(!in_use || (before & TYPE_KEY) == key, "no type displaces one in use");
        PROVE(in_use || checks || key_type(key) >= FRAME_WRITABLE ||
                  (key_type(key) == FRAME_SEGDESC && before == key),
              "tables and descriptors checked, these unless they were before");
        PROVE(in_use || key_type(before) == FRAME_NONE || (before & TYPE_KEY) == key || flushes,
              "flushed before it takes another type");
        PROVE(!(before & TYPE_LENT) || !asked_owner, "everywhere when other domains reached it");
        PROVE((before & TYPE_KEY) != key || (f->type & TYPE_HISTORY) == (before & TYPE_HISTORY),
              "which is not forgotten before");
        PROVE(!(before & TYPE_UNCACHED) || (before & TYPE_KEY) == key || cache_flushes,
              "what went past the caches is flushed from them first");
        PROVE(!(before & TYPE_PINNED) == !(f->type & TYPE_PINNED), "the pin stays");
    } else {
        PROVE(!in_use || f->type == before, "a refusal changes nothing of a type in use");
        PROVE(in_use == ((f->type & TYPE_COUNT) != 0), "and makes none");
        PROVE(locked || !type_is_partial(before) || f->type == before, "without the lock no table moves");
    }
}

void prove_put(void)
{
    int rc;

    start();
    ASSUME((before & TYPE_COUNT) > (before & TYPE_PINNED ? 1 : 0));
    rc = type_put_nested(f);
    never_busy();
    PROVE((f->type & TYPE_COUNT) == (before & TYPE_COUNT) - 1, "one reference less");
    PROVE((f->type & (TYPE_KEY | TYPE_HISTORY)) == (before & (TYPE_KEY | TYPE_HISTORY)),
          "the type stays, as history at least");
    PROVE(!rc || type_is_partial(f->type), "interrupted means partial");
    PROVE((before & TYPE_COUNT) == 1 || !drops, "a table in use is not taken down");
    PROVE((before & TYPE_COUNT) > 1 || !key_is_table(before) || drops, "one that is not, is");
}

void prove_pin(void)
{
    uint64_t key = any_key();
    int rc;

    start();
    ASSUME(key_is_table(key));
    rc = type_pin(f, &domains[0], key);
    PROVE(word_ok(f->type) && refs_ok(), "never left busy");
    PROVE(others(refs_of(0), f->type) == others(refs_before, before) + (rc == 0), "the pin's reference");
    if (rc == 0) {
        PROVE(f->type & TYPE_PINNED && !(before & TYPE_PINNED), "pinned once");
        PROVE((f->type & TYPE_COUNT) == (before & TYPE_COUNT) + 1, "through the type");
    } else {
        PROVE(!(before & TYPE_PINNED) == !(f->type & TYPE_PINNED), "the pin is as before");
    }
}

void prove_unpin(void)
{
    int rc;

    start();
    /* The pin's own reference, which goes too. */
    rc = type_unpin(f);
    PROVE(word_ok(f->type) && refs_ok(), "never left busy");
    PROVE((rc == 0) == ((before & TYPE_PINNED) != 0), "unpins what is pinned");
    PROVE(!(f->type & TYPE_PINNED), "and it is not any more");
    PROVE(others(refs_of(0), f->type) == others(refs_before, before) - (rc == 0), "its reference went");
}

void prove_undo(void)
{
    int rc;

    start();
    ASSUME(type_is_partial(before));
    rc = type_undo(f);
    never_busy();
    PROVE(!(f->type & TYPE_COUNT), "a partial table is nobody's");
    PROVE((rc == 0) == !type_is_partial(f->type), "done means no longer partial");
}
