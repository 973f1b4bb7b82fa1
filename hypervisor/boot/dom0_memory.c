/* A new domain's frames: allocation, the initial RAM disk's own, and access by pseudo-physical
 * page. */
#include "boot/dom0.h"

#include "domain/domain.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/m2p.h"
#include "memory/mapping.h"

/* Pages that one step of the scattering option shuffles, and a stride that reaches each of them. */
#define SCATTER_PAGES 512
#define SCATTER_STRIDE 167

/* Blocks that hold low memory, 2 MiB each. */
#define HOLD_ORDER 9
#define HOLD_MAX 64
#define HOLD_ADDRESS_BITS 32

static struct frame *held[HOLD_MAX] BOOT_DATA;

/* The list's entry for a page, whose size is that of the kernel's words. */
static void *list_entry_at(const struct dom0_build *b, uint64_t page)
{
    size_t size = b->image.is64 ? sizeof(uint64_t) : sizeof(uint32_t);

    return (char *)b->p2m[page * size / PAGE_SIZE] + page * size % PAGE_SIZE;
}

mfn_t dom0_mfn(const struct dom0_build *b, uint64_t page)
{
    const void *entry = list_entry_at(b, page);

    return mfn(b->image.is64 ? *(const uint64_t *)entry : *(const uint32_t *)entry);
}

void dom0_set_mfn(struct dom0_build *b, uint64_t page, mfn_t m)
{
    void *entry = list_entry_at(b, page);

    if (b->image.is64)
        *(uint64_t *)entry = m.n;
    else
        *(uint32_t *)entry = m.n;
    m2p_set(m, page);
}

void dom0_write(const struct dom0_build *b, uint64_t address, const void *from, size_t n)
{
    const uint8_t *source = from;

    while (n > 0) {
        size_t inside = address % PAGE_SIZE;
        size_t part = MIN(n, PAGE_SIZE - inside);
        uint8_t *to = (uint8_t *)mfn_to_virt(dom0_mfn(b, address >> PAGE_SHIFT)) + inside;

        if (source) {
            memcpy(to, source, part);
            source += part;
        } else {
            memset(to, 0, part);
        }
        address += part;
        n -= part;
    }
}

static struct frame *frame_alloc(const struct dom0_build *b)
{
    struct frame *f = domain_alloc_frames(b->d, 0, 0);

    if (!f)
        dom0_fail(b->name, "out of memory after %lu pages", (unsigned long)b->d->tot_pages);
    return f;
}

/* The largest block of at most `count` frames that there is; its order goes to *order, which also
 * says where to begin to look. */
static struct frame *block_alloc(const struct dom0_build *b, uint64_t count, unsigned *order)
{
    struct frame *f;

    while (UINT64_C(1) << *order > count)
        --*order;
    while (*order > 0) {
        f = domain_alloc_frames(b->d, *order, 0);
        if (f)
            return f;
        --*order;
    }
    return frame_alloc(b);
}

/* For tests of everything that wrongly takes neighbouring pages for neighbouring frames. */
static void populate_scattered(struct dom0_build *b, struct pfn_range range)
{
    mfn_t batch[SCATTER_PAGES];

    while (range.count > 0) {
        uint64_t count = MIN(range.count, SCATTER_PAGES);

        for (uint64_t i = 0; i < count; i++)
            batch[i] = frame_mfn(frame_alloc(b));
        for (uint64_t i = 0, taken = 0; taken < count; i++) {
            uint64_t from = i * SCATTER_STRIDE % SCATTER_PAGES;

            if (from < count)
                dom0_set_mfn(b, range.first + taken++, batch[from]);
        }
        range.first += count;
        range.count -= count;
    }
}

static void populate(struct dom0_build *b, struct pfn_range range)
{
    unsigned order = MAX_ORDER;

    if (options.scatter_dom0) {
        populate_scattered(b, range);
        return;
    }
    while (range.count > 0) {
        mfn_t first = frame_mfn(block_alloc(b, range.count, &order));
        uint64_t count = UINT64_C(1) << order;

        for (uint64_t i = 0; i < count; i++)
            dom0_set_mfn(b, range.first + i, mfn(first.n + i));
        range.first += count;
        range.count -= count;
    }
}

/* The list of MFNs comes first, since it is what says where everything else is. */
static void list_alloc(struct dom0_build *b)
{
    struct pfn_range list = b->layout.p2m;
    mfn_t m;

    while (PAGE_SIZE << b->p2m_order < list.count * sizeof(b->p2m[0]))
        b->p2m_order++;
    b->p2m = page_alloc(b->p2m_order);
    if (!b->p2m)
        dom0_fail(b->name, "no memory for the index of its list of frames");
    for (uint64_t i = 0; i < list.count; i++)
        b->p2m[i] = mfn_to_virt(frame_mfn(frame_alloc(b)));
    for (uint64_t i = 0; i < list.count; i++) {
        m = virt_to_mfn(b->p2m[i]);
        dom0_set_mfn(b, list.first + i, m);
    }
}

/* The module's whole pages become the domain's as they are; what cannot is copied: the last page,
 * behind which another module may begin, or everything when the module is not page-aligned. */
static void initrd_place(struct dom0_build *b)
{
    struct pfn_range to = b->layout.initrd;
    const struct boot_module *module = b->initrd;
    uint64_t own = module->base.a % PAGE_SIZE ? 0 : module->size >> PAGE_SHIFT;
    mfn_t first = maddr_mfn(module->base);
    uint64_t i;

    for (i = 0; i < own; i++) {
        mfn_t m = mfn(first.n + i);

        if (!mfn_valid(m) || domain_assign_frames(b->d, frame_of(m), 0) != 0)
            dom0_fail(b->name, "frame %#lx of its RAM disk cannot be used", (unsigned long)m.n);
        dom0_set_mfn(b, to.first + i, m);
    }
    populate(b, (struct pfn_range){to.first + own, to.count - own});
    dom0_write(b, (to.first + own) << PAGE_SHIFT,
               (const uint8_t *)maddr_to_virt(module->base) + (own << PAGE_SHIFT),
               module->size - (own << PAGE_SHIFT));
}

/* Populates [from, to) but for the ranges that have their frames already. */
static void populate_around(struct dom0_build *b, uint64_t from, uint64_t to)
{
    const struct pfn_range *taken[] = {&b->layout.p2m, &b->layout.initrd};

    while (from < to) {
        uint64_t until = to;
        bool inside = false;

        for (unsigned i = 0; i < ARRAY_SIZE(taken); i++) {
            const struct pfn_range *range = taken[i];

            if (from >= range->first && from < range->first + range->count) {
                from = range->first + range->count;
                inside = true;
            } else if (range->count && range->first > from && range->first < until) {
                until = range->first;
            }
        }
        if (!inside) {
            populate(b, (struct pfn_range){from, until - from});
            from = until;
        }
    }
}

void dom0_memory_first(struct dom0_build *b)
{
    list_alloc(b);
    if (b->initrd)
        initrd_place(b);
    populate_around(b, 0, b->layout.pages_needed);
}

void dom0_memory_rest(struct dom0_build *b)
{
    populate_around(b, b->layout.pages_needed, b->nr_pages);
}

void dom0_low_memory_hold(uint64_t pages)
{
    for (unsigned i = 0; i < HOLD_MAX && (uint64_t)i << HOLD_ORDER < pages; i++)
        held[i] = domain_alloc_frames(dom_xen, HOLD_ORDER, HOLD_ADDRESS_BITS);
}

void dom0_low_memory_release(void)
{
    for (unsigned i = 0; i < HOLD_MAX; i++) {
        mfn_t first;

        if (!held[i])
            continue;
        first = frame_mfn(held[i]);
        for (uint64_t j = 0; j < UINT64_C(1) << HOLD_ORDER; j++)
            domain_release_frame(frame_of(mfn(first.n + j)));
        held[i] = NULL;
    }
}
