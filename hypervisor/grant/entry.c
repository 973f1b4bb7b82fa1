/* The state machine of one grant entry. */
#include "grant/entry.h"

#include "lib/assert.h"

/* A granter that changes its entry faster than it can be read gets an error, not our time. */
#define MAX_TRIES 8

/* Flags and domain are one word to the processor, so they are read and marked together. */
union grant_head {
    struct {
        uint16_t flags;
        domid_t domid;
    };
    uint32_t word;
};

_Static_assert(offsetof(struct grant_entry_v1, flags) == 0 &&
                   offsetof(struct grant_entry_v1, domid) == 2,
               "the head of a grant entry is its first word");

static int check_head(union grant_head head, domid_t user, bool writes)
{
    if ((head.flags & GTF_type_mask) != GTF_permit_access)
        return GNTST_bad_gntref;
    if (head.domid != user)
        return GNTST_permission_denied;
    if (writes && (head.flags & GTF_readonly))
        return GNTST_permission_denied;
    return GNTST_okay;
}

/* Checks the shared entry and marks it in use in one step. */
static int mark(struct grant_entry_v1 *shared, domid_t user, bool writes)
{
    uint32_t *word = (uint32_t *)shared;

    for (unsigned i = 0; i < MAX_TRIES; i++) {
        union grant_head seen = {.word = READ_ONCE(*word)}, next = seen;
        int status = check_head(seen, user, writes);

        if (status != GNTST_okay)
            return status;
        next.flags |= GTF_reading | (writes ? GTF_writing : 0);
        if (__atomic_compare_exchange_n(word, &seen.word, next.word, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

int grant_begin(struct grant_entry_v1 *shared, struct grant_active *active, domid_t user,
                bool writes)
{
    bool first = !grant_in_use(active);
    int status;

    if (!first && active->user != user)
        return GNTST_general_error;
    if (first || (writes && !active->writers)) {
        status = mark(shared, user, writes);
        if (status != GNTST_okay)
            return status;
    }
    if (first) {
        active->frame = READ_ONCE(shared->frame);
        active->user = user;
    }
    if (writes)
        active->writers++;
    else
        active->readers++;
    return GNTST_okay;
}

void grant_end(struct grant_entry_v1 *shared, struct grant_active *active, bool writes)
{
    uint16_t done = 0;

    assert(writes ? active->writers : active->readers);
    if (writes)
        active->writers--;
    else
        active->readers--;

    if (!active->writers && writes)
        done |= GTF_writing;
    if (!grant_in_use(active))
        done |= GTF_reading;
    if (shared && done)
        __atomic_fetch_and(&shared->flags, (uint16_t)~done, __ATOMIC_SEQ_CST);
}

int grant_commit(struct grant_entry_v1 *shared, domid_t from)
{
    union grant_head seen = {{.flags = GTF_accept_transfer, .domid = from}};
    union grant_head next = {
        {.flags = GTF_accept_transfer | GTF_transfer_committed, .domid = from}};

    if (__atomic_compare_exchange_n((uint32_t *)shared, &seen.word, next.word, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return GNTST_okay;
    return seen.flags == GTF_accept_transfer ? GNTST_permission_denied : GNTST_bad_gntref;
}

void grant_complete(struct grant_entry_v1 *shared, uint32_t frame)
{
    WRITE_ONCE(shared->frame, frame);
    __atomic_fetch_or(&shared->flags, GTF_transfer_completed, __ATOMIC_SEQ_CST);
}

void grant_reopen(struct grant_entry_v1 *shared)
{
    __atomic_fetch_and(&shared->flags, (uint16_t)~GTF_transfer_committed, __ATOMIC_SEQ_CST);
}
