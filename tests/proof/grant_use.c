/* sources: hypervisor/grant/entry.c hypervisor/grant/use.c */
/* options: --unwind 9 --object-bits 10 --no-standard-checks */
/* entries: prove_begin prove_end prove_hostile_begin prove_hostile_end */
/* property: from every state of an entry and its record: a use begins only as the entry permits;
 * counts never underflow; the granter's frame is held exactly while uses last, and it is the one
 * first read; the entry's flags say in use exactly while it is, unless the granter writes them
 * itself. 1 entry. */
#include "grant/table.h"
#include "memory/frame.h"
#include "proof.h"

static struct domain granter;
static struct grant_table table;
static struct grant_entry_v1 shared[1], *shared_pages[1] = {shared};
static struct grant_active active[1], *active_pages[1] = {active};
static struct grant_entry_v1 entry;
static struct grant_active before;
static unsigned held; /* references that grants hold, all of frame held_frame */
static uint32_t held_frame;
static char frames[2];

void spin_lock(spinlock_t *l)
{
}

void spin_unlock(spinlock_t *l)
{
}

bool mfn_valid(mfn_t m)
{
    return m.n < 2;
}

struct frame *frame_of(mfn_t m)
{
    PROVE(m.n < 2, "only frames that exist");
    return (struct frame *)&frames[m.n];
}

/* The granter may have given the frame away. */
bool frame_get(struct frame *f, struct domain *d)
{
    PROVE(d == &granter && held == 0, "held once");
    if (any_bool())
        return false;
    held++;
    held_frame = (uint32_t)((char *)f - frames);
    return true;
}

void frame_put(struct frame *f)
{
    PROVE(held == 1 && f == (struct frame *)&frames[held_frame], "what was held is given back");
    held--;
}

bool frame_is_shared(const struct frame *f)
{
    return any_bool();
}

int frame_get_typed(struct frame *f, struct domain *d, enum frame_type type)
{
    return 0;
}

void frame_put_typed(struct frame *f)
{
}

static bool whole(void)
{
    return held == grant_in_use(active) && (!held || active->frame == held_frame);
}

static bool flags_tell(void)
{
    return !(shared->flags & GTF_reading) == !grant_in_use(active) &&
           !(shared->flags & GTF_writing) == !active->writers;
}

static void start(bool hostile)
{
    granter.grants = &table;
    granter.state = any_bool() ? DOMAIN_ALIVE : DOMAIN_DYING;
    table.nr_frames = table.max_frames = 1;
    table.shared = shared_pages;
    table.active = active_pages;
    /* A domain's frames are taken from it when it is dying. */
    if (hostile && granter.state == DOMAIN_DYING && any_bool())
        shared_pages[0] = NULL;
    shared->flags = (uint16_t)any_unsigned();
    shared->domid = (domid_t)any_unsigned();
    shared->frame = any_unsigned();
    active->readers = any_unsigned(), active->writers = any_unsigned();
    active->frame = any_unsigned();
    active->user = (domid_t)any_unsigned();
    held = any_bool(), held_frame = any_bool();
    /* Handles are limited, so that counts cannot overflow. */
    ASSUME(active->readers < 1u << 30 && active->writers < 1u << 30);
    ASSUME(whole());
    ASSUME(hostile || flags_tell());
    entry = *shared;
    before = *active;
}

static void begin(bool hostile)
{
    struct frame *f = NULL;
    domid_t user = (domid_t)any_unsigned();
    uint32_t ref = any_unsigned();
    bool writes = any_bool();
    int status;

    start(hostile);
    ASSUME(ref == 0 || ref >= GRANTS_PER_FRAME);
    status = grant_use(&granter, ref, user, writes, &f);
    PROVE(whole(), "the frame is held while in use");
    PROVE(hostile || flags_tell(), "and the entry says so");
    if (status != GNTST_okay) {
        PROVE(active->readers == before.readers && active->writers == before.writers,
              "a refusal counts nothing");
        return;
    }
    PROVE(ref == 0 && granter.state == DOMAIN_ALIVE, "of an entry there is");
    PROVE(active->readers + active->writers == before.readers + before.writers + 1, "one use more");
    PROVE(active->writers == before.writers + writes, "of the kind asked for");
    PROVE(active->user == user && f == (struct frame *)&frames[held_frame],
          "the user's, of that frame");
    if (!grant_in_use(&before) || (writes && !before.writers)) {
        PROVE((entry.flags & GTF_type_mask) == GTF_permit_access, "granted");
        PROVE(entry.domid == user, "to this domain");
        PROVE(!writes || !(entry.flags & GTF_readonly), "for writing if it writes");
    }
    PROVE(!writes || before.writers || !grant_in_use(&before) || before.user == user,
          "one user at a time");
}

static void end(bool hostile)
{
    bool writes = any_bool();

    start(hostile);
    ASSUME(writes ? active->writers : active->readers);
    grant_end_use(&granter, 0, writes);
    PROVE(whole(), "the frame is held while in use");
    PROVE(hostile || flags_tell(), "and the entry says so");
    PROVE(active->readers + active->writers == before.readers + before.writers - 1, "one use less");
    PROVE(active->writers == before.writers - writes, "of that kind");
    PROVE((shared->flags & ~(GTF_reading | GTF_writing)) ==
              (entry.flags & ~(GTF_reading | GTF_writing)),
          "no other flag changes");
    PROVE(shared->domid == entry.domid && shared->frame == entry.frame, "nor anything else");
}

void prove_begin(void)
{
    begin(false);
}

void prove_end(void)
{
    end(false);
}

void prove_hostile_begin(void)
{
    begin(true);
}

void prove_hostile_end(void)
{
    end(true);
}
