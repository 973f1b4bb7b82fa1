/*
 * A size-class heap over whole pages. Small objects of one class share pages; a page begins with
 * what the heap knows of it, and is given back with its last object. Larger objects are whole page
 * blocks, remembered in a small hash by address.
 */
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "memory/allocator.h"

#define SMALLEST_SHIFT 5 /* 32 bytes */
#define CLASSES 7        /* 32 .. 2048 */
#define BUCKETS 256

struct free_object {
    struct free_object *next;
};

/* The beginning of a page of small objects. */
struct page_header {
    struct list link; /* among the pages of its class that have room */
    struct free_object *free;
    uint32_t class, used;
};

struct large {
    struct large *next;
    void *page;
    unsigned order;
};

static spinlock_t heap_lock = SPINLOCK_INIT(LOCK_HEAP);
static struct list roomy_pages[CLASSES];
static struct large *large_blocks[BUCKETS];

_Static_assert(sizeof(struct page_header) % 16 == 0, "objects start 16-byte aligned");

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

static struct list *roomy(unsigned class)
{
    struct list *head = &roomy_pages[class];

    if (!head->next)
        list_init(head);
    return head;
}

/* Cuts a fresh page into objects of one class. The 2048 class has one object a page: its header
 * takes the room of the second. */
static void page_cut(struct page_header *page, unsigned class)
{
    size_t size = 1UL << (class + SMALLEST_SHIFT);
    char *end = (char *)page + PAGE_SIZE;

    *page = (struct page_header){.class = class};
    for (char *p = (char *)(page + 1); p + size <= end; p += size) {
        struct free_object *o = (struct free_object *)p;

        o->next = page->free;
        page->free = o;
    }
    list_add(roomy(class), &page->link);
}

static void *object_take(struct page_header *page)
{
    struct free_object *o = page->free;

    page->free = o->next;
    page->used++;
    if (!page->free)
        list_del(&page->link);
    return o;
}

static void *small_alloc(unsigned class)
{
    unsigned long flags = spin_lock_irqsave(&heap_lock);
    void *object;

    if (list_empty(roomy(class))) {
        void *page;

        /* The frame allocator's lock comes before the heap's in the order. */
        spin_unlock_irqrestore(&heap_lock, flags);
        page = page_alloc(0);
        if (!page)
            return NULL;
        flags = spin_lock_irqsave(&heap_lock);
        page_cut(page, class);
    }
    object = object_take(list_first(roomy(class), struct page_header, link));
    spin_unlock_irqrestore(&heap_lock, flags);
    memset(object, 0, 1UL << (class + SMALLEST_SHIFT));
    return object;
}

/* Gives an object back to its page; true when that was the page's last. Lock held. */
static bool object_give(struct page_header *page, struct free_object *o)
{
    if (!page->free)
        list_add(roomy(page->class), &page->link);
    o->next = page->free;
    page->free = o;
    if (--page->used)
        return false;
    list_del(&page->link);
    return true;
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
    struct page_header *page = (struct page_header *)((uintptr_t)ptr & PAGE_MASK);
    unsigned long flags;
    bool is_unused;

    if (!ptr)
        return;
    if (page == ptr) {
        large_free(ptr);
        return;
    }
    flags = spin_lock_irqsave(&heap_lock);
    is_unused = object_give(page, ptr);
    spin_unlock_irqrestore(&heap_lock, flags);
    if (is_unused)
        page_free(page, 0);
}
