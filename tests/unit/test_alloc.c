/* sources: hypervisor/lib/alloc.c hypervisor/lib/spinlock.c tests/host/panic.c */
/* The heap: objects apart from each other, zeroed, and no page kept once its objects are gone. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/alloc.h"
#include "lib/types.h"
#include "memory/allocator.h"

#define OBJECTS 3000

struct vcpu *host_current;
unsigned host_cpu;

static unsigned pages, limit = 1u << 20;

void *page_alloc(unsigned order)
{
    void *page = pages < limit ? aligned_alloc(PAGE_SIZE, PAGE_SIZE << order) : NULL;

    if (page) {
        memset(page, 0, PAGE_SIZE << order);
        pages += 1u << order;
    }
    return page;
}

void page_free(void *page, unsigned order)
{
    pages -= 1u << order;
    free(page);
}

static unsigned char *object[OBJECTS];
static size_t size[OBJECTS];

static bool is_filled(const unsigned char *p, size_t n, unsigned char with)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != with)
            return false;
    return true;
}

/* Random sizes, most of them small, allocated and freed in random order. */
static void random_use(void)
{
    for (unsigned step = 0; step < 100000; step++) {
        unsigned i = (unsigned)rand() % OBJECTS;

        if (object[i]) {
            CHECK(is_filled(object[i], size[i], (unsigned char)i));
            zfree(object[i]);
            object[i] = NULL;
            continue;
        }
        size[i] = 1 + (size_t)rand() % (step % 16 ? 300 : 9000);
        object[i] = zalloc(size[i]);
        CHECK(object[i] && (uintptr_t)object[i] % 16 == 0);
        CHECK(is_filled(object[i], size[i], 0));
        memset(object[i], (int)(unsigned char)i, size[i]);
    }
    for (unsigned i = 0; i < OBJECTS; i++) {
        zfree(object[i]);
        object[i] = NULL;
    }
    CHECK_EQ(pages, 0);
}

static void without_memory(void)
{
    limit = 1;
    object[0] = zalloc(32);
    CHECK(object[0] != NULL);
    CHECK(zalloc(64) == NULL);
    CHECK(zalloc(2 * PAGE_SIZE) == NULL);
    zfree(object[0]);
    zfree(NULL);
    CHECK_EQ(pages, 0);
}

int main(void)
{
    srand(1);
    random_use();
    without_memory();
    return check_report();
}
