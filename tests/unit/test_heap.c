/* sources: hypervisor/lib/heap.c tests/host/panic.c */
/* The pairing heap against a sorted array: random inserts and removals of any node. */
#include <stdlib.h>

#include "check.h"
#include "lib/heap.h"

#define NODES 200

static struct heap_node nodes[NODES];

static int64_t least(void)
{
    int64_t key = INT64_MAX;

    for (int i = 0; i < NODES; i++)
        if (heap_contains(&nodes[i]) && nodes[i].key < key)
            key = nodes[i].key;
    return key;
}

static void test_random(void)
{
    struct heap h = {0};
    int members = 0;

    srandom(7);
    for (int step = 0; step < 100000; step++) {
        struct heap_node *n = &nodes[random() % NODES];

        if (heap_contains(n)) {
            heap_remove(&h, n);
            members--;
        } else {
            heap_insert(&h, n, random() % 1000 - 500);
            members++;
        }
        if ((members == 0) != (heap_first(&h) == NULL) ||
            (members && heap_first(&h)->key != least()))
            CHECK(!"first node is not the least");
    }
    CHECK(members > 0);
}

/* Keys that go round: INT64_MAX comes before INT64_MIN. */
static void test_wrap(void)
{
    struct heap h = {0};

    for (int i = 0; i < NODES; i++) {
        nodes[i] = (struct heap_node){0};
        heap_insert(&h, &nodes[i], (int64_t)((uint64_t)INT64_MAX - 99 + (uint64_t)(i * 7 % NODES)));
    }
    for (uint64_t i = 0; i < NODES; i++) {
        CHECK_EQ((uint64_t)heap_first(&h)->key, (uint64_t)INT64_MAX - 99 + i);
        heap_remove(&h, heap_first(&h));
    }
}

static void test_sorted_drain(void)
{
    struct heap h = {0};
    int64_t last = INT64_MIN;
    int drained = 0;

    for (int i = 0; i < NODES; i++) {
        nodes[i] = (struct heap_node){0};
        heap_insert(&h, &nodes[i], (i * 7919) % 1009);
    }
    while (heap_first(&h)) {
        struct heap_node *n = heap_first(&h);

        CHECK(n->key >= last);
        last = n->key;
        heap_remove(&h, n);
        CHECK(!heap_contains(n));
        drained++;
    }
    CHECK_EQ(drained, NODES);
}

int main(void)
{
    test_random();
    test_wrap();
    test_sorted_drain();
    return check_report();
}
