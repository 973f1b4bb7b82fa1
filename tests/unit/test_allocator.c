/* sources: @memory */
/* Frames: found, given, taken, claimed and freed. */
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "lib/errno.h"
#include "machine.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"
#include "memory/mapping.h"

static void contiguous(void)
{
    struct domain *d = machine_domain(0);
    uint64_t before;
    struct frame *f;

    machine_reset();
    before = frames_free();
    f = domain_alloc_frames(d, 4, 0);
    CHECK(f != NULL);
    CHECK_EQ(frame_mfn(f).n % 16, 0);
    CHECK_EQ(d->tot_pages, 16);
    CHECK_EQ(d->refs, 2);
    for (unsigned i = 0; i < 16; i++) {
        CHECK(frame_owner(f + i) == d);
        CHECK(domain_release_frame(f + i));
    }
    CHECK_EQ(d->tot_pages, 0);
    CHECK_EQ(d->refs, 1);
    CHECK_EQ(frames_free(), before);
    CHECK(!frame_get(f, d));
}

static void zones(void)
{
    struct domain *d = machine_domain(0);
    struct frame *f;

    machine_reset();
    /* High memory first, low memory when the address width asks for it. */
    f = domain_alloc_frames(d, 0, 0);
    CHECK(frame_mfn(f).n >= 256);
    f = domain_alloc_frames(d, 3, 12 + 7);
    CHECK(frame_mfn(f).n + 8 <= 128);
    CHECK(domain_alloc_frames(d, 0, 12) == NULL);
    while (domain_alloc_frames(d, 0, 12 + 7))
        ;
    f = domain_alloc_frames(d, 0, 0);
    CHECK(frame_mfn(f).n >= 256);
    d->address_bits = 12 + 7;
    CHECK(domain_alloc_frames(d, 0, 0) == NULL);
}

static void limits(void)
{
    struct domain *d = machine_domain(0);

    machine_reset();
    d->max_pages = 5;
    CHECK(domain_alloc_frames(d, 3, 0) == NULL);
    CHECK(domain_alloc_frames(d, 2, 0) != NULL);
    CHECK(domain_alloc_frames(d, 0, 0) != NULL);
    CHECK(domain_alloc_frames(d, 0, 0) == NULL);
    CHECK(domain_alloc_frames(machine_domain(1), MAX_ORDER + 1, 0) == NULL);
}

/* Frames under exchange have their place, however much the domain gets meanwhile. */
static void kept_room(void)
{
    struct domain *d = machine_domain(0);
    struct frame *f, *g;

    machine_reset();
    d->max_pages = 3;
    f = domain_alloc_frames(d, 0, 0);
    g = domain_alloc_frames(d, 0, 0);
    CHECK(domain_detach_frame_for_another(d, f));
    CHECK(domain_detach_frame_for_another(d, g));
    CHECK_EQ(d->tot_pages, 0);
    CHECK(domain_alloc_frames(d, 0, 0) != NULL);
    CHECK(domain_alloc_frames(d, 0, 0) == NULL);
    d->max_pages = 2;
    CHECK_EQ(domain_reattach_frame(d, f), 0);
    CHECK(domain_alloc_other_frames(d, 1, 0) == NULL);
    CHECK(domain_alloc_other_frames(d, 0, 0) != NULL);
    CHECK_EQ(d->tot_pages, 3);
    /* A place is used once. */
    CHECK_EQ(domain_reattach_frame(d, g), -ENOMEM);
    CHECK_EQ(d->kept_pages, 0);
    CHECK(domain_detach_frame_for_another(d, f));
    d->state = DOMAIN_DYING;
    CHECK_EQ(domain_reattach_frame(d, f), -ENOMEM);
}

static bool all_zero(mfn_t m)
{
    const unsigned char *p = mfn_to_virt(m);

    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (p[i])
            return false;
    return true;
}

/* No domain sees what another left. */
static void scrubbing(void)
{
    machine_reset();
    for (unsigned round = 0; round < 2; round++) {
        struct domain *from = machine_domain(0), *to = machine_domain(1);
        struct frame *f;
        mfn_t m;

        while ((f = domain_alloc_frames(from, 0, 0)) != NULL) {
            m = frame_mfn(f);
            memset(mfn_to_virt(m), 0xaa, PAGE_SIZE);
        }
        while (!list_empty(&from->pages))
            domain_release_frame(list_first(&from->pages, struct frame, link));
        while ((f = domain_alloc_frames(to, 0, 0)) != NULL)
            CHECK(all_zero(frame_mfn(f)));
        while (!list_empty(&to->pages))
            domain_release_frame(list_first(&to->pages, struct frame, link));
    }
}

/* What was split comes together again: neighbours of one size, no others. */
static void merging(void)
{
    struct domain *d = machine_domain(0);
    struct frame *f;

    machine_reset();
    f = domain_alloc_frames(d, 2, 0);
    CHECK(domain_release_frame(f + 2));
    CHECK(domain_release_frame(f + 1));
    CHECK(domain_release_frame(f));
    CHECK(f->count == (COUNT_RAM | COUNT_FREE) && f->type == 1);
    CHECK(f[2].count == (COUNT_RAM | COUNT_FREE) && f[2].type == 0);
    CHECK(domain_release_frame(f + 3));
    CHECK_EQ(f[2].count, COUNT_RAM);

    machine_reset();
    CHECK(domain_alloc_frames(d, 7, 0) != NULL);
    machine_reset();
    while (domain_alloc_frames(d, 0, 0))
        ;
    CHECK(domain_alloc_frames(d, 7, 0) == NULL);
    while (!list_empty(&d->pages))
        domain_release_frame(list_first(&d->pages, struct frame, link));
    CHECK(domain_alloc_frames(d, 7, 0) != NULL);
    while (!list_empty(&d->pages))
        domain_release_frame(list_first(&d->pages, struct frame, link));
    CHECK(domain_alloc_frames(d, 7, 0) != NULL);
}

static unsigned cleared;

static void count_clear(void)
{
    cleared++;
    machine_at_clear(1, count_clear);
}

/* A block is zeroed piece by piece, and stays the one that is taken next; what one domain had
 * zeroed another may get, and no page that was used since passes for zeroed. */
static void preparing(void)
{
    struct domain *d = machine_domain(0), *other = machine_domain(1);
    unsigned cuts = 0;
    uint64_t before;
    struct frame *f;

    machine_reset();
    d->max_pages = other->max_pages = 32;
    before = frames_free();
    f = domain_alloc_frames(d, 4, 0);
    for (unsigned i = 0; i < 16; i++) {
        memset(mfn_to_virt(frame_mfn(f + i)), 0xaa, PAGE_SIZE);
        domain_release_frame(f + i);
    }
    cleared = 0;
    machine_at_clear(1, count_clear);
    machine_preempt_always(true);
    while (!domain_prepare_frames(d, 4, 0))
        cuts++;
    CHECK_EQ(cuts, 15);
    CHECK_EQ(cleared, 16);
    CHECK(domain_prepare_frames(d, 4, 0));
    CHECK_EQ(frames_free(), before);
    f = domain_alloc_frames(other, 4, 0);
    CHECK_EQ(cleared, 16);
    for (unsigned i = 0; i < 16; i++) {
        CHECK(all_zero(frame_mfn(f + i)));
        CHECK_EQ(f[i].count, COUNT_RAM | COUNT_ALLOCATED | 1);
        memset(mfn_to_virt(frame_mfn(f + i)), 0xaa, PAGE_SIZE);
        domain_release_frame(f + i);
    }
    /* Cut, and then taken at one go. */
    CHECK(!domain_prepare_frames(d, 4, 0));
    f = domain_alloc_frames(d, 4, 0);
    CHECK_EQ(cleared, 32);
    for (unsigned i = 0; i < 16; i++)
        CHECK(all_zero(frame_mfn(f + i)));
    /* Where there is none, there is nothing to wait for; a claim is not used up. */
    CHECK(domain_prepare_frames(d, 4, PAGE_SHIFT));
    CHECK_EQ(domain_claim(other, 8), 0);
    CHECK(!domain_prepare_frames(other, 2, 0));
    CHECK_EQ(frames_claimed(), 8);
    machine_at_clear(0, NULL);
}

static uint64_t take_all(struct domain *d)
{
    uint64_t count = 0;

    while (domain_alloc_frames(d, 0, 0))
        count++;
    return count;
}

static void give_all(struct domain *d)
{
    while (!list_empty(&d->pages))
        domain_release_frame(list_first(&d->pages, struct frame, link));
}

/* What one domain has claimed no other gets, nor Ringfort; it uses its claim up. */
static void claims(void)
{
    struct domain *d = machine_domain(0), *other = machine_domain(1);
    uint64_t all;

    machine_reset();
    all = frames_free();
    CHECK(domain_alloc_frames(d, 3, 0) != NULL);
    CHECK_EQ(domain_claim(d, 7), -EINVAL);
    CHECK_EQ(domain_claim(d, all + 1), -ENOMEM);
    CHECK_EQ(domain_claim(d, 108), 0);
    CHECK_EQ(domain_claim(d, 108), -EINVAL);
    CHECK_EQ(frames_claimed(), 100);
    CHECK_EQ(domain_claim(other, all - 107), -ENOMEM);
    CHECK_EQ(domain_claim(other, 1), 0);
    CHECK_EQ(domain_claim(other, 0), 0);

    CHECK_EQ(take_all(other), all - 108);
    CHECK(page_alloc(0) == NULL);
    CHECK_EQ(frames_free(), 100);
    /* A refused allocation costs no claim. */
    d->max_pages = 8;
    CHECK(domain_alloc_frames(d, 0, 0) == NULL);
    CHECK_EQ(d->outstanding_claim, 100);
    d->max_pages = all;
    CHECK_EQ(take_all(d), 100);
    CHECK_EQ(frames_claimed(), 0);
    CHECK_EQ(d->outstanding_claim, 0);

    give_all(d);
    give_all(other);
    CHECK_EQ(frames_free(), all);
    CHECK_EQ(domain_claim(d, all), 0);
    CHECK(page_alloc(0) == NULL);
    /* A block larger than the claim takes it whole, and the rest from what is free. */
    CHECK_EQ(domain_claim(d, 0), 0);
    CHECK_EQ(domain_claim(d, 3), 0);
    CHECK(domain_alloc_frames(d, 2, 0) != NULL);
    CHECK_EQ(frames_claimed(), 0);
    give_all(d);
    d->max_pages = 10;
    CHECK_EQ(domain_claim(d, 11), -EINVAL);
    d->state = DOMAIN_DYING;
    CHECK_EQ(domain_claim(d, 10), -EINVAL);
}

static struct domain *ending;

static void domain_ends(void)
{
    ending->state = DOMAIN_DYING;
    domain_claim(ending, 0);
}

/* A domain that ends while it is given frames gets none, and its claim does not come back. */
static void end_while_allocating(void)
{
    uint64_t all;

    machine_reset();
    ending = machine_domain(0);
    all = frames_free();
    CHECK_EQ(domain_claim(ending, 10), 0);
    machine_at_clear(3, domain_ends);
    CHECK(domain_alloc_frames(ending, 2, 0) == NULL);
    CHECK_EQ(frames_claimed(), 0);
    CHECK_EQ(frames_free(), all);
    CHECK(list_empty(&ending->pages));
}

/* Frames found at boot: only what is nobody's is given to a domain, and no more than it may have.
 */
static void assigned(void)
{
    struct domain *d = machine_domain(0);
    struct frame *f;

    machine_reset();
    f = domain_alloc_frames(machine_domain(1), 0, 0);
    CHECK_EQ(domain_assign_frames(d, f, 0), -EBUSY);
    CHECK(frame_owner(f) == machine_domain(1));
    CHECK(domain_release_frame(f));
    CHECK_EQ(domain_assign_frames(d, f, 0), -EBUSY);
    f = frame_of(virt_to_mfn(page_alloc(1)));
    CHECK_EQ(domain_assign_frames(d, f, 1), 0);
    CHECK_EQ(d->tot_pages, 2);
    CHECK(frame_owner(f + 1) == d);
    d->max_pages = 2;
    f = frame_of(virt_to_mfn(page_alloc(0)));
    f->owner = machine_domain(1); /* on its way back from there */
    CHECK_EQ(domain_assign_frames(d, f, 0), -EBUSY);
    f->owner = NULL;
    CHECK_EQ(domain_assign_frames(d, f, 0), -ENOMEM);
    CHECK(frame_owner(f) == NULL);
    CHECK_EQ(f->count, COUNT_RAM);
    page_free(mfn_to_virt(frame_mfn(f)), 0);
}

/* A frame table that is mapped for the sections named only. */
static void *sparse_table(uint64_t frames, const uint64_t *first, unsigned count)
{
    char *map = mmap(NULL, frames * sizeof(struct frame), PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    for (unsigned i = 0; i < count; i++)
        CHECK(mprotect(map + first[i] / FRAME_SECTION * FRAME_SECTION_BYTES, FRAME_SECTION_BYTES,
                       PROT_READ | PROT_WRITE) == 0);
    return map;
}

/* RAM with holes in it, whole sections and less, and pieces that do not begin or end at a block.
 * There is nothing behind these frames: they are counted, not used. */
static void sparse_memory(void)
{
    const uint64_t block = UINT64_C(1) << MAX_ORDER, start = 2 * block, tail = start + 2 * block;
    const uint64_t end = tail + 3;
    uint64_t before, total = frames_total(), sections[11] = {0, start - 1};
    struct frame *small = host_frame_table;

    machine_reset();
    before = frames_free();
    for (unsigned i = 0; i < 9; i++)
        sections[2 + i] = start + i * FRAME_SECTION;
    host_frame_table = sparse_table(5 * block, sections, ARRAY_SIZE(sections));
    frame_table_add_ram(mfn(start), mfn(end));
    allocator_add(mfn(start), mfn(end));
    CHECK_EQ(frames_free() - before, end - start);
    CHECK_EQ(frames_total() - total, end - start);
    CHECK_EQ(frame_of(mfn(start))->type, MAX_ORDER);
    CHECK_EQ(frame_of(mfn(start + block))->type, MAX_ORDER);
    CHECK_EQ(frame_of(mfn(tail))->type, 1);
    CHECK_EQ(frame_of(mfn(end - 1))->type, 0);
    CHECK_EQ(frame_of(mfn(end - 1))->count, COUNT_RAM | COUNT_FREE);
    CHECK_EQ(max_mfn().n, end - 1);
    CHECK(mfn_valid(mfn(end - 1)) && !mfn_valid(mfn(end)));
    CHECK(!mfn_valid(mfn(MACHINE_FRAMES))); /* a section that has RAM elsewhere */
    CHECK(!mfn_valid(mfn(start / 2)));      /* a section that the table does not have */
    frame_table_add_ram(mfn(start - 2), mfn(start - 1));
    CHECK(mfn_valid(mfn(start - 2)) && !mfn_valid(mfn(start - 1)));
    /* More than the direct map has room for. */
    frame_table_add_ram(mfn(DIRECT_MAP_SIZE / PAGE_SIZE), mfn(DIRECT_MAP_SIZE / PAGE_SIZE + 9));
    CHECK_EQ(max_mfn().n, end - 1);
    munmap(host_frame_table, 5 * block * sizeof(struct frame));
    host_frame_table = small;
}

int main(void)
{
    CHECK_EQ(max_mfn().n, 0);
    CHECK(!mfn_valid(mfn(0)));
    claims();
    end_while_allocating();
    assigned();
    contiguous();
    zones();
    limits();
    kept_room();
    scrubbing();
    merging();
    preparing();
    sparse_memory();
    return check_report();
}
