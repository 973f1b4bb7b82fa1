/* See grant_world.h. */
#include "grant_world.h"

#include <stdlib.h>
#include <string.h>

#include "hypercall/hypercall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/frame.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "x86/current.h"

#define FIRST_POOL_FRAME (WORLD_DOMAINS * WORLD_DOMAIN_FRAMES)

struct frame {
    struct domain *owner;
    unsigned refs, writers;
    bool is_allocated, is_table, is_pool_page, is_busy;
};

struct slot {
    bool present, writable;
    uint32_t frame;
    uint64_t bits;
};

unsigned char *host_memory;
void *host_frame_table;
uint64_t *host_m2p;

static struct frame frames[WORLD_FRAMES];
static struct slot slots[WORLD_DOMAINS][WORLD_SLOTS];

void grant_world_reset(unsigned max_frames)
{
    if (!host_memory)
        host_memory = aligned_alloc(PAGE_SIZE, WORLD_FRAMES * PAGE_SIZE);
    world_reset();
    memset(frames, 0, sizeof(frames));
    memset(slots, 0, sizeof(slots));
    for (unsigned n = 0; n < FIRST_POOL_FRAME; n++) {
        frames[n] = (struct frame){
            .owner = world_domain(n / WORLD_DOMAIN_FRAMES), .refs = 1, .is_allocated = true};
        memset(mfn_to_virt(mfn(n)), (int)n, PAGE_SIZE);
    }
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        if (grant_init_domain(world_domain(id), max_frames, 1))
            panic("no grant table for domain %u", id);
}

struct frame *frame_of(mfn_t m)
{
    if (!mfn_valid(m))
        panic("frame %llx does not exist", (unsigned long long)m.n);
    return &frames[m.n];
}

mfn_t frame_mfn(const struct frame *f)
{
    return mfn((uint64_t)(f - frames));
}

bool mfn_valid(mfn_t m)
{
    return m.n < WORLD_FRAMES;
}

bool frame_get(struct frame *f, struct domain *d)
{
    if (!f->is_allocated || f->owner != d)
        return false;
    f->refs++;
    return true;
}

void frame_put(struct frame *f)
{
    if (!f->refs)
        panic("frame %llx: put at no reference", (unsigned long long)frame_mfn(f).n);
    if (--f->refs == 0) {
        if (f->writers)
            panic("frame %llx: freed with writers", (unsigned long long)frame_mfn(f).n);
        *f = (struct frame){0};
    }
}

int frame_get_type(struct frame *f, enum frame_type type)
{
    if (f->is_busy)
        return -ERESTART;
    if (type != FRAME_WRITABLE || f->is_table)
        return -EINVAL;
    f->writers++;
    return 0;
}

void frame_put_type(struct frame *f)
{
    if (!f->writers)
        panic("frame %llx: type put at none", (unsigned long long)frame_mfn(f).n);
    f->writers--;
}

int frame_get_typed(struct frame *f, struct domain *d, enum frame_type type)
{
    int rc;

    if (!frame_get(f, d))
        return -EINVAL;
    rc = frame_get_type(f, type);
    if (rc)
        frame_put(f);
    return rc;
}

void frame_put_typed(struct frame *f)
{
    frame_put_type(f);
    frame_put(f);
}

bool domain_detach_frame(struct domain *d, struct frame *f)
{
    if (f->owner != d || !f->is_allocated || f->is_pool_page || f->refs != 1 || f->is_table)
        return false;
    *f = (struct frame){0};
    return true;
}

int domain_attach_frame(struct domain *d, struct frame *f)
{
    if (f->refs)
        panic("frame %llx: attached with references", (unsigned long long)frame_mfn(f).n);
    if (d->max_pages && d->tot_pages >= d->max_pages)
        return -ENOMEM;
    *f = (struct frame){.owner = d, .refs = 1, .is_allocated = true};
    return 0;
}

void page_free(void *page, unsigned order)
{
    struct frame *f = frame_of(virt_to_mfn(page));

    if (f->refs || f->owner)
        panic("frame %llx: freed by force", (unsigned long long)frame_mfn(f).n);
    memset(page, 0, PAGE_SIZE << order);
}

void *page_alloc(unsigned order)
{
    for (unsigned n = FIRST_POOL_FRAME; n < WORLD_FRAMES; n++)
        if (!frames[n].refs) {
            frames[n].refs = 1;
            return memset(mfn_to_virt(mfn(n)), 0, PAGE_SIZE);
        }
    return NULL;
}

void frame_share(struct frame *f, struct domain *d, bool writable)
{
    *f = (struct frame){
        .owner = d, .refs = 1, .writers = 1, .is_allocated = true, .is_pool_page = true};
}

bool frame_unshare(struct frame *f)
{
    f->is_allocated = false;
    frame_put_typed(f);
    return true;
}

bool frame_is_shared(const struct frame *f)
{
    return f->is_pool_page;
}

/* Entry `slot` of the running domain, at this address; NULL when there is none. */
static struct slot *slot_by_va(uint64_t va)
{
    uint64_t index = va / PAGE_SIZE - 1;

    return va && index < WORLD_SLOTS ? &slots[current->domain->id][index] : NULL;
}

static struct slot *slot_by_pte(maddr_t pte)
{
    uint64_t index = pte.a / sizeof(uint64_t);

    return index / WORLD_SLOTS == current->domain->id
               ? &slots[current->domain->id][index % WORLD_SLOTS]
               : NULL;
}

static void slot_clear(struct slot *s)
{
    struct frame *f = &frames[s->frame];

    if (!s->present)
        return;
    if (s->writable)
        frame_put_type(f);
    frame_put(f);
    *s = (struct slot){0};
}

static int slot_fill(struct slot *s, mfn_t m, bool writable, uint64_t bits)
{
    struct frame *f = frame_of(m);

    if (!s)
        return -EINVAL;
    if (writable && frame_get_type(f, FRAME_WRITABLE))
        return -EINVAL;
    f->refs++;
    slot_clear(s);
    *s = (struct slot){.present = true, .writable = writable, .frame = (uint32_t)m.n, .bits = bits};
    return 0;
}

static int slot_end(struct slot *s, mfn_t m, bool writable)
{
    if (!s || !s->present || s->frame != m.n || s->writable != writable)
        return -EINVAL;
    slot_clear(s);
    return 0;
}

int mmu_map_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t extra_bits)
{
    return slot_fill(slot_by_va(va), m, writable, extra_bits);
}

int mmu_map_grant_pte(maddr_t pte, mfn_t m, bool writable, uint64_t extra_bits)
{
    return slot_fill(slot_by_pte(pte), m, writable, extra_bits);
}

int mmu_unmap_grant_va(uint64_t va, mfn_t m, bool writable, uint64_t replacement_va)
{
    struct slot *s = slot_by_va(va), *other = slot_by_va(replacement_va);
    int rc;

    if (replacement_va && (!other || other == s))
        return -EINVAL;
    rc = slot_end(s, m, writable);
    if (rc == 0 && other) {
        *s = *other;
        *other = (struct slot){0};
    }
    return rc;
}

int mmu_unmap_grant_pte(maddr_t pte, mfn_t m, bool writable)
{
    return slot_end(slot_by_pte(pte), m, writable);
}

static struct grant_entry_v1 *entry(unsigned id, uint32_t ref)
{
    struct grant_table *t = world_domain(id)->grants;

    return ref / GRANTS_PER_FRAME < t->nr_frames && t->shared[ref / GRANTS_PER_FRAME]
               ? &t->shared[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME]
               : NULL;
}

void grant_world_offer(unsigned id, uint32_t ref, uint16_t flags, domid_t to, uint32_t frame)
{
    struct grant_entry_v1 *e = entry(id, ref);

    if (e)
        *e = (struct grant_entry_v1){.flags = flags, .domid = to, .frame = frame};
}

uint16_t grant_world_flags(unsigned id, uint32_t ref)
{
    return entry(id, ref)->flags;
}

uint32_t grant_world_frame(unsigned id, uint32_t ref)
{
    return entry(id, ref)->frame;
}

uint64_t grant_world_va(unsigned slot)
{
    return (slot + 1) * PAGE_SIZE;
}

uint64_t grant_world_pte(unsigned id, unsigned slot)
{
    return (id * WORLD_SLOTS + slot) * sizeof(uint64_t);
}

uint32_t grant_world_mapped(unsigned id, unsigned slot)
{
    return slots[id][slot].present ? slots[id][slot].frame : WORLD_FRAMES;
}

uint64_t grant_world_bits(unsigned id, unsigned slot)
{
    return slots[id][slot].bits;
}

long grant_world_op(unsigned cmd, void *arg, unsigned count)
{
    long rc = do_grant_table_op(cmd, (uint64_t)arg, count);

    grant_world_check();
    return rc;
}

struct gnttab_map_grant_ref grant_world_map(uint32_t ref, uint32_t flags, unsigned slot)
{
    struct gnttab_map_grant_ref m = {.ref = ref, .dom = 1, .flags = flags};

    m.host_addr = flags & GNTMAP_contains_pte ? grant_world_pte(2, slot) : grant_world_va(slot);
    world_run(2, 0);
    if (grant_world_op(GNTTABOP_map_grant_ref, &m, 1))
        panic("a list of one mapping is refused as a whole");
    return m;
}

void grant_world_clear(unsigned id, unsigned slot)
{
    slot_clear(&slots[id][slot]);
}

void grant_world_release(uint32_t frame)
{
    struct frame *f = &frames[frame];

    if (!f->is_allocated || f->is_pool_page)
        return;
    f->is_allocated = false;
    frame_put(f);
}

bool grant_world_make_table(uint32_t frame)
{
    if (!frames[frame].is_allocated || frames[frame].writers)
        return false;
    frames[frame].is_table = true;
    return true;
}

void grant_world_make_busy(uint32_t frame, bool is_busy)
{
    frames[frame].is_busy = is_busy;
}

bool grant_world_is_free(uint32_t frame)
{
    return frames[frame].refs == 0;
}

void grant_world_kill(unsigned id)
{
    struct domain *d = world_domain(id);

    if (d->state != DOMAIN_ALIVE)
        return;
    d->state = DOMAIN_DYING;
    while (grant_release_mappings(d))
        grant_world_check();
    for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
        slot_clear(&slots[id][slot]);
    for (unsigned n = 0; n < FIRST_POOL_FRAME; n++)
        if (frames[n].owner == d)
            grant_world_release(n);
    grant_free_domain(d);
}

void grant_world_end(void)
{
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        grant_world_kill(id);
    grant_world_check();
    for (unsigned n = 0; n < WORLD_FRAMES; n++)
        if (frames[n].refs)
            panic("frame %u: %u references are left", n, frames[n].refs);
    for (unsigned id = 0; id < WORLD_DOMAINS; id++)
        grant_destroy_domain(world_domain(id));
}

/* References and writers that each frame should have. */
static struct expected {
    unsigned refs, writers;
} expected[WORLD_FRAMES];

void oracle_found(mfn_t m, bool typed)
{
    expected[m.n].refs++;
    expected[m.n].writers += typed;
}

static void count_slots(unsigned id)
{
    for (unsigned i = 0; i < WORLD_SLOTS; i++)
        if (slots[id][i].present)
            oracle_found(mfn(slots[id][i].frame), slots[id][i].writable);
}

void grant_world_check(void)
{
    memset(expected, 0, sizeof(expected));
    for (unsigned id = 0; id < WORLD_DOMAINS; id++) {
        count_slots(id);
        grant_recount(world_domain(id));
        if (world_extra_refs(id))
            panic("d%u: %u references kept", id, world_extra_refs(id));
    }
    for (unsigned n = 0; n < WORLD_FRAMES; n++) {
        const struct expected *e = &expected[n];

        if (frames[n].is_allocated)
            oracle_found(mfn(n), frames[n].is_pool_page);
        if (frames[n].refs != e->refs || frames[n].writers != e->writers)
            panic("frame %u: %u references, %u writers; should be %u, %u", n, frames[n].refs,
                  frames[n].writers, e->refs, e->writers);
    }
}
