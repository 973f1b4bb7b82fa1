/*
 * A size-class heap over whole pages. Small objects of one class share pages; a page's first 16
 * bytes name its class. Larger objects are whole page blocks, remembered in a small hash by
 * address.
 */
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "memory/allocator.h"

#define SMALLEST_SHIFT 5 /* 32 bytes */
#define CLASSES 7        /* 32 .. 2048 */
#define HEADER 16
#define BUCKETS 256

struct page_header {
    uint64_t class;
    uint64_t unused;
};

struct free_object {
    struct free_object *next;
};

struct large {
    struct large *next;
    void *page;
    unsigned order;
};

static spinlock_t heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static struct free_object *free_lists[CLASSES];
static struct large *large_blocks[BUCKETS];

_Static_assert(sizeof(struct page_header) == HEADER, "objects start 16-byte aligned");

static unsigned class_of(size_t size)
{
    unsigned class = 0;

    while ((1UL << (class + SMALLEST_SHIFT)) < size)
        class ++;
    return class;
}

static unsigned bucket_of(const void *page)
{
    return ((uintptr_t)page >> PAGE_SHIFT) % BUCKETS;
}

/* Cuts a fresh page into objects of one class. The 2048 class has one object a page: its header
 * takes the room of the second. */
static void refill(unsigned class, void *page)
{
    size_t size = 1UL << (class + SMALLEST_SHIFT);
    char *end = (char *)page + PAGE_SIZE;

    ((struct page_header *)page)->class = class;
    for (char *p = (char *)page + HEADER; p + size <= end; p += size) {
        struct free_object *o = (struct free_object *)p;

        o->next = free_lists[class];
        free_lists[class] = o;
    }
}

static void *small_alloc(unsigned class)
{
    struct free_object *o;
    unsigned long flags = spin_lock_irqsave(&heap_lock);

    if (!free_lists[class]) {
        void *page;

        /* The frame allocator's lock comes before the heap's in the order. */
        spin_unlock_irqrestore(&heap_lock, flags);
        page = page_alloc(0);
        if (!page)
            return NULL;
        flags = spin_lock_irqsave(&heap_lock);
        refill(class, page);
    }
    o = free_lists[class];
    free_lists[class] = o->next;
    spin_unlock_irqrestore(&heap_lock, flags);
    memset(o, 0, 1UL << (class + SMALLEST_SHIFT));
    return o;
}

static void *large_alloc(size_t size)
{
    struct large *l = zalloc(sizeof(*l));
    unsigned long flags;

    if (!l)
        return NULL;
    while ((PAGE_SIZE << l->order) < size)
        l->order++;
    l->page = page_alloc(l->order);
    if (!l->page) {
        zfree(l);
        return NULL;
    }
    flags = spin_lock_irqsave(&heap_lock);
    l->next = large_blocks[bucket_of(l->page)];
    large_blocks[bucket_of(l->page)] = l;
    spin_unlock_irqrestore(&heap_lock, flags);
    return l->page;
}

void *zalloc(size_t size)
{
    if (size <= 1UL << (SMALLEST_SHIFT + CLASSES - 1))
        return small_alloc(class_of(size));
    return large_alloc(size);
}

static void large_free(void *page)
{
    unsigned long flags = spin_lock_irqsave(&heap_lock);
    struct large **link = &large_blocks[bucket_of(page)], *l;

    while (*link && (*link)->page != page)
        link = &(*link)->next;
    l = *link;
    if (l)
        *link = l->next;
    spin_unlock_irqrestore(&heap_lock, flags);
    if (!l)
        panic("zfree of %p, which was not allocated", page);
    page_free(page, l->order);
    zfree(l);
}

void zfree(void *ptr)
{
    uintptr_t page = (uintptr_t)ptr & PAGE_MASK;
    struct free_object *o = ptr;
    unsigned long flags;
    uint64_t class;

    if (!ptr)
        return;
    if (page == (uintptr_t)ptr) {
        large_free(ptr);
        return;
    }
    class = ((struct page_header *)page)->class;
    flags = spin_lock_irqsave(&heap_lock);
    o->next = free_lists[class];
    free_lists[class] = o;
    spin_unlock_irqrestore(&heap_lock, flags);
}
