/* sources: @memory hypervisor/memory/dirty_scan.c tests/host/interleave.c */
/* The log of dirty frames, used as the tools use it: domain 0 copies domain 1. */
#include <stdlib.h>
#include <string.h>

#include "lib/abi.h"
#include <xen/domctl.h>

#include "check.h"
#include "interleave.h"
#include "lib/errno.h"
#include "memory/allocator.h"
#include "memory/dirty_log.h"
#include "memory/dirty_table.h"
#include "memory/m2p.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "page_tables.h"
#include "x86/current.h"

#define PAGES 32u /* of the guest; PFN n is frame guest_frame[n] at the start */
#define BITS 64u

static struct domain *tool, *guest;
static mfn_t tool_root, tool_l1, guest_frame[PAGES];
static uint64_t free_at_start;
static uint64_t bitmap;

static uint64_t *page(mfn_t m)
{
    return mfn_to_virt(m);
}

static mfn_t tool_address_space(void)
{
    mfn_t root = machine_frame(tool), l3 = machine_frame(tool), l2 = machine_frame(tool);
    struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = root.n};

    tool_l1 = machine_frame(tool);
    page(root)[1] = pte_make(l3, TABLE);
    page(l3)[0] = pte_make(l2, TABLE);
    page(l2)[0] = pte_make(tool_l1, TABLE);
    CHECK_EQ(do_mmuext_op((uint64_t)&op, 1, 0, DOMID_SELF), 0);
    return root;
}

/* A guest with PAGES frames of different content, and a tool with room for mappings. */
static void start(void)
{
    machine_reset();
    tool = machine_domain(0);
    guest = machine_domain(1);
    tool_root = tool_address_space();
    for (unsigned i = 0; i < PAGES; i++) {
        guest_frame[i] = machine_frame(guest);
        pfn_assign(guest, guest_frame[i], i);
        page(guest_frame[i])[3] = i << 1;
    }
    free_at_start = frames_free();
}

static long map(unsigned slot, mfn_t m, uint64_t flags)
{
    struct mmu_update req = {mfn_maddr(tool_l1).a + slot * 8, m.n ? pte_make(m, flags) : 0};

    return do_mmu_update((uint64_t)&req, 1, 0, guest->id);
}

static mfn_t mapped(unsigned slot)
{
    return pte_mfn(page(tool_l1)[slot]);
}

static void tell(unsigned pfn)
{
    struct frame *f = frame_of(guest_frame[pfn]);

    CHECK(frame_get(f, guest));
    dirty_log_told(guest, f, frame_info(f));
    frame_put(f);
}

static void unmap(unsigned slot)
{
    CHECK_EQ(map(slot, mfn(0), 0), 0);
}

/* What the tool does for a page that it sends: asks the kind, maps, copies, unmaps. */
static void read_page(unsigned pfn)
{
    tell(pfn);
    CHECK_EQ(map(pfn, guest_frame[pfn], PTE_PRESENT), 0);
    CHECK(memcmp(page(mapped(pfn)), page(guest_frame[pfn]), PAGE_SIZE) == 0);
    unmap(pfn);
}

static void read_all(void)
{
    for (unsigned i = 0; i < PAGES; i++)
        read_page(i);
}

/* Asks with as many interruptions as there are; the number of dirty pages or an error. */
static long ask(bool clean)
{
    struct dirty_scan s = {.clean = clean, .bitmap = (uint64_t)&bitmap, .pages = BITS};
    long rc;

    bitmap = ~UINT64_C(0);
    do
        rc = dirty_log_scan(guest, &s);
    while (rc == -ERESTART);
    if (rc == 0)
        CHECK_EQ(__builtin_popcountll(bitmap), s.dirty);
    return rc ? rc : s.dirty;
}

static long scan(void)
{
    return ask(true);
}

static void off(void)
{
    int rc;

    do
        rc = dirty_log_disable(guest);
    while (rc == -ERESTART);
    CHECK_EQ(rc, 0);
    CHECK_EQ(frames_free(), free_at_start);
    memory_oracle();
}

static void on(void)
{
    CHECK_EQ(dirty_log_enable(guest, 42), 0);
}

static void content(void)
{
    start();
    on();
    CHECK_EQ(dirty_log_enable(guest, 42), -EINVAL);
    CHECK_EQ(scan(), PAGES);
    read_all();
    CHECK_EQ(scan(), 0);
    page(guest_frame[5])[511] = 1;
    page(guest_frame[31])[0] ^= UINT64_C(1) << 63;
    CHECK_EQ(scan(), 2);
    CHECK_EQ(bitmap, UINT64_C(1) << 5 | UINT64_C(1) << 31);
    /* Nobody has read them: they stay dirty; asking without cleaning changes nothing. */
    CHECK_EQ(ask(false), 2);
    CHECK_EQ(scan(), 2);
    read_page(5);
    CHECK_EQ(scan(), 1);
    /* Back to what was read: nothing to send. */
    page(guest_frame[31])[0] ^= UINT64_C(1) << 63;
    CHECK_EQ(scan(), 0);
    off();
    CHECK_EQ(scan(), -EINVAL);
    CHECK_EQ(dirty_log_disable(guest), 0);
}

/* A lock word is free when the log looks, taken when the tool copies, and free again when the log
 * looks next: the tool has sent "taken". */
static void there_and_back(void)
{
    uint64_t *lock, *sent;

    start();
    lock = &page(guest_frame[7])[100];
    on();
    read_all();
    CHECK_EQ(scan(), 0);
    *lock = 1;
    CHECK_EQ(scan(), 1);
    tell(7);
    CHECK_EQ(map(7, guest_frame[7], PTE_PRESENT), 0);
    sent = &page(mapped(7))[100];
    *lock = 0;
    CHECK_EQ(*sent, 1);
    CHECK_EQ(scan(), 1);
    CHECK_EQ(bitmap, 1 << 7);
    *lock = 1;
    CHECK_EQ(scan(), 0);
    *lock = 0;
    unmap(7);
    read_page(7);
    CHECK_EQ(scan(), 0);
    off();
}

static void copies(void)
{
    mfn_t copy;

    start();
    on();
    tell(3);
    CHECK_EQ(map(3, guest_frame[3], PTE_PRESENT), 0);
    copy = mapped(3);
    CHECK(copy.n != guest_frame[3].n);
    CHECK(frame_owner(frame_of(copy)) == dom_xen);
    CHECK_EQ(m2p_get(copy), INVALID_M2P);
    memory_oracle();
    /* Neither tool nor guest can have the copy as their own. */
    CHECK_EQ(map(4, copy, PTE_PRESENT), -EINVAL);
    CHECK_EQ(map(4, copy, PTE_PRESENT | PTE_WRITE), -EINVAL);
    /* It goes with its mapping, be it after the log. */
    free_at_start--;
    off();
    free_at_start++;
    unmap(3);
    CHECK_EQ(frames_free(), free_at_start);
    memory_oracle();
}

/* What does not count as reading: a writable mapping, one before the kind was asked, another
 * process's, one from before the log. */
static void not_read(void)
{
    start();
    CHECK_EQ(map(1, guest_frame[1], PTE_PRESENT), 0);
    on();
    CHECK_EQ(map(2, guest_frame[2], PTE_PRESENT | PTE_WRITE), 0);
    CHECK_EQ(map(3, guest_frame[3], PTE_PRESENT), 0);
    for (unsigned i = 1; i <= 3; i++)
        CHECK_EQ(mapped(i).n, guest_frame[i].n);
    read_page(4);
    CHECK_EQ(scan(), PAGES - 1);
    for (unsigned i = 1; i <= 3; i++)
        unmap(i);
    off();
    on();
    read_page(5);
    tool_address_space();
    page(guest_frame[5])[0] = 1;
    tell(5);
    CHECK_EQ(map(5, guest_frame[5], PTE_PRESENT), 0);
    CHECK_EQ(mapped(5).n, guest_frame[5].n);
    unmap(5);
    CHECK_EQ(scan(), PAGES);
    page(guest_frame[5])[0] = 0;
    CHECK_EQ(scan(), PAGES - 1);
    free_at_start -= 4;
    off();
}

/* Tables are sent in another form than data: a page that becomes one, or ceases to be, is sent
 * again, also when not a bit has changed. */
static void kinds(void)
{
    start();
    on();
    read_all();
    CHECK_EQ(mmu_pin(guest, guest_frame[9], FRAME_L1), 0);
    CHECK_EQ(scan(), 1);
    CHECK_EQ(bitmap, 1 << 9);
    read_page(9);
    CHECK_EQ(scan(), 0);
    spin_lock(&guest->paging_lock);
    CHECK_EQ(type_unpin(frame_of(guest_frame[9])), 0);
    spin_unlock(&guest->paging_lock);
    CHECK_EQ(scan(), 1);
    /* The tool asks what it is, and before it has mapped it it is something else. */
    tell(9);
    CHECK_EQ(mmu_pin(guest, guest_frame[9], FRAME_L1), 0);
    CHECK_EQ(map(9, guest_frame[9], PTE_PRESENT), 0);
    unmap(9);
    CHECK_EQ(scan(), 1);
    read_page(9);
    CHECK_EQ(scan(), 0);
    /* What a table's entries mean depends on the array. */
    pfn_assign(guest, guest_frame[2], 2);
    CHECK_EQ(scan(), 2);
    CHECK_EQ(bitmap, 1 << 9 | 1 << 2);
    read_page(2);
    CHECK_EQ(scan(), 1);
    read_page(9);
    CHECK_EQ(scan(), 0);
    off();
}

/* A PFN that gets another frame, and what that means for tables. */
static void moves(void)
{
    start();
    on();
    read_all();
    CHECK_EQ(scan(), 0);
    pfn_assign(guest, guest_frame[2], 2);
    CHECK_EQ(scan(), 1);
    CHECK_EQ(bitmap, 1 << 2);
    CHECK_EQ(scan(), 1);
    read_page(2);
    CHECK_EQ(scan(), 0);
    /* Read between the change and the question, perhaps for another PFN: not believed. */
    pfn_assign(guest, guest_frame[2], 2);
    read_page(2);
    CHECK_EQ(ask(false), 1);
    CHECK_EQ(scan(), 1);
    read_page(2);
    CHECK_EQ(scan(), 0);
    /* Out of the array: the PFN has no frame to send. */
    page(guest_frame[2])[0] = 5;
    m2p_set(guest_frame[2], INVALID_M2P);
    CHECK_EQ(scan(), 0);
    off();
}

static void interrupted(void)
{
    struct dirty_scan s = {.clean = true, .bitmap = (uint64_t)&bitmap, .pages = BITS};
    struct dirty_scan other = s;

    start();
    on();
    read_all();
    page(guest_frame[0])[0] = page(guest_frame[20])[0] = 1;
    machine_preempt_always(true);
    CHECK_EQ(scan(), 2);
    CHECK_EQ(bitmap, 1 | 1 << 20);
    /* Given up in the middle; the next one begins at the beginning. */
    for (unsigned i = 0; i < 10; i++)
        CHECK_EQ(dirty_log_scan(guest, &s), -ERESTART);
    CHECK_EQ(scan(), 2);
    CHECK_EQ(bitmap, 1 | 1 << 20);
    /* Two at once: the later one counts. */
    CHECK_EQ(dirty_log_scan(guest, &s), -ERESTART);
    for (unsigned i = 0; i < 10; i++)
        CHECK_EQ(dirty_log_scan(guest, &other), -ERESTART);
    /* The frame it stands at leaves the domain meanwhile. */
    for (unsigned i = 0; i < PAGES; i++)
        if (i != 20 && domain_release_frame(frame_of(guest_frame[i])))
            m2p_set(guest_frame[i], INVALID_M2P);
    while (dirty_log_scan(guest, &other) == -ERESTART)
        ;
    CHECK_EQ(other.dirty, bitmap & 1 ? 2 : 1);
    CHECK(bitmap & 1 << 20);
    CHECK_EQ(scan(), 1);
    s.token = 0;
    CHECK_EQ(dirty_log_scan(guest, &s), -ERESTART);
    CHECK_EQ(dirty_log_scan(guest, &s), -ERESTART);
    free_at_start += PAGES - 1;
    off();
    CHECK_EQ(dirty_log_scan(guest, &s), -EINVAL);
}

/* The domain is taken apart while a scan stands at one of its frames, the one moved first. */
static void dying(void)
{
    struct dirty_scan s = {.clean = true, .bitmap = (uint64_t)&bitmap, .pages = BITS};
    struct frame *f = frame_of(guest_frame[0]);

    start();
    on();
    machine_preempt_always(true);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(dirty_log_scan(guest, &s), -ERESTART);
    CHECK(guest->log->at == f);
    guest->state = DOMAIN_DYING;
    list_del(&f->link);
    list_add_tail(&guest->teardown, &f->link);
    CHECK_EQ(dirty_log_scan(guest, &s), 0);
    off();
    guest->state = DOMAIN_ALIVE;
}

static void bad_requests(void)
{
    struct dirty_scan s = {.clean = true, .bitmap = UINT64_C(0xffff800000000000), .pages = BITS};

    start();
    on();
    CHECK_EQ(dirty_log_scan(guest, &s), -EFAULT);
    s = (struct dirty_scan){.clean = true, .bitmap = (uint64_t)&bitmap, .pages = 10};
    bitmap = 0;
    CHECK_EQ(dirty_log_scan(guest, &s), 0);
    CHECK_EQ(s.dirty, 10);
    CHECK_EQ(bitmap, 0x3ff);
    s.pages = 0;
    s.token = 0;
    CHECK_EQ(dirty_log_scan(guest, &s), 0);
    CHECK_EQ(s.dirty, 0);
    off();
    guest->state = DOMAIN_DYING;
    CHECK_EQ(dirty_log_enable(guest, 1), -EINVAL);
    guest->state = DOMAIN_ALIVE;
}

/* Numbers far apart cost tables; there is an end to it, and what is not recorded is dirty. */
static void far_numbers(void)
{
    uint64_t before;

    start();
    on();
    before = frames_free();
    for (unsigned i = 0; i < 300; i++)
        pfn_assign(guest, guest_frame[0], (uint64_t)i * DIRTY_LEAF_ENTRIES * 512);
    CHECK(before - frames_free() < 80);
    pfn_assign(guest, guest_frame[0], ~UINT64_C(0));
    pfn_assign(guest, guest_frame[0], UINT64_C(1) << 60);
    pfn_assign(guest, guest_frame[0], 0);
    CHECK_EQ(scan(), PAGES);
    read_all();
    CHECK_EQ(scan(), 0);
    off();
}

/* Without memory for a copy the tool gets the frame, and the page counts as dirty. */
static void no_memory(void)
{
    void *taken[MACHINE_FRAMES];
    unsigned n = 0;

    start();
    on();
    while ((taken[n] = page_alloc(0)))
        n++;
    read_page(1);
    pfn_assign(guest, guest_frame[3], 3);
    while (n)
        page_free(taken[--n], 0);
    /* Which PFN has got another frame could not be noted: it may be any. */
    read_all();
    CHECK_EQ(ask(false), PAGES);
    CHECK_EQ(scan(), PAGES);
    CHECK_EQ(scan(), PAGES);
    read_all();
    CHECK_EQ(scan(), 0);
    while ((taken[n] = page_alloc(0)))
        n++;
    tell(1);
    CHECK_EQ(map(1, guest_frame[1], PTE_PRESENT), 0);
    CHECK_EQ(mapped(1).n, guest_frame[1].n);
    unmap(1);
    while (n)
        page_free(taken[--n], 0);
    CHECK_EQ(scan(), 1);
    off();
}

static void death(void)
{
    start();
    on();
    read_all();
    machine_preempt_always(true);
    CHECK_EQ(
        dirty_log_scan(guest, &(struct dirty_scan){.bitmap = (uint64_t)&bitmap, .pages = BITS}),
        -ERESTART);
    guest->state = DOMAIN_DYING;
    while (memory_teardown(guest) == -ERESTART)
        ;
    CHECK(!guest->log);
    CHECK_EQ(frames_free(), free_at_start + PAGES);
    machine_preempt_always(false);
    memory_oracle();
}

static void switch_on(void)
{
    dirty_log_enable(guest, 1);
}

static void die(void)
{
    guest->state = DOMAIN_DYING;
    while (memory_teardown(guest) == -ERESTART)
        ;
}

static void other_processor(unsigned next)
{
    machine_run(next);
}

/* Whoever comes first: no log is left behind. */
static void death_while_switched_on(void)
{
    unsigned first = 0;
    bool reached;

    do {
        start();
        reached = interleave_two(switch_on, die, ++first, 0, other_processor);
        machine_run(0);
        CHECK(!guest->log);
        CHECK_EQ(frames_free(), free_at_start + PAGES);
    } while (reached);
    CHECK(first > 2);
}

/* Random stores, reads, scans and interruptions: at the end what the tool has is what there is. */
static void random_walk(void)
{
    static uint64_t received[PAGES][512];
    unsigned seed = 1;

    start();
    on();
    for (unsigned round = 0; round < 200; round++) {
        machine_preempt_after(rand_r(&seed) % 8);
        for (unsigned i = rand_r(&seed) % 20; i; i--)
            page(guest_frame[rand_r(&seed) % PAGES])[rand_r(&seed) % 4] = rand_r(&seed) % 2;
        if (scan() < 0)
            continue;
        for (unsigned i = 0; i < PAGES; i++) {
            if (!(bitmap >> i & 1))
                continue;
            tell(i);
            CHECK_EQ(map(i, guest_frame[i], PTE_PRESENT), 0);
            page(guest_frame[i])[rand_r(&seed) % 4] = rand_r(&seed) % 2;
            memcpy(received[i], page(mapped(i)), PAGE_SIZE);
            unmap(i);
        }
    }
    machine_preempt_always(false);
    scan();
    for (unsigned i = 0; i < PAGES; i++)
        if (bitmap >> i & 1)
            memcpy(received[i], page(guest_frame[i]), PAGE_SIZE);
    for (unsigned i = 0; i < PAGES; i++)
        CHECK(memcmp(received[i], page(guest_frame[i]), PAGE_SIZE) == 0);
    off();
}

int main(void)
{
    content();
    there_and_back();
    copies();
    not_read();
    kinds();
    moves();
    interrupted();
    dying();
    bad_requests();
    far_numbers();
    no_memory();
    death();
    death_while_switched_on();
    random_walk();
    return check_report();
}
