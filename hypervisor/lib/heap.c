#include "lib/assert.h"
#include "lib/heap.h"

/* Hangs a node (or nothing) on a pointer, so that the node knows where it hangs. */
static void hang(struct heap_node **where, struct heap_node *n)
{
    *where = n;
    if (n)
        n->link = where;
}

/* Joins two trees; the one with the lesser key gets the other as first child. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
    if (!a || !b)
        return a ? a : b;
    if ((int64_t)((uint64_t)b->key - (uint64_t)a->key) < 0) {
        struct heap_node *t = a;

        a = b;
        b = t;
    }
    hang(&b->next, a->child);
    hang(&a->child, b);
    return a;
}

/* Joins a list of siblings: in pairs from the left, then the pairs from the right, which is what
 * gives the logarithmic bound. The pairs wait on a stack threaded through `next`. */
static struct heap_node *meld_siblings(struct heap_node *list)
{
    struct heap_node *pairs = NULL, *all = NULL;

    while (list) {
        struct heap_node *a = list, *b = a->next, *pair;

        list = b ? b->next : NULL;
        a->next = NULL;
        if (b)
            b->next = NULL;
        pair = meld(a, b);
        pair->next = pairs;
        pairs = pair;
    }
    while (pairs) {
        struct heap_node *pair = pairs;

        pairs = pair->next;
        pair->next = NULL;
        all = meld(all, pair);
    }
    return all;
}

void heap_insert(struct heap *h, struct heap_node *n, int64_t key)
{
    assert(!heap_contains(n));
    n->key = key;
    n->child = n->next = NULL;
    hang(&h->root, meld(h->root, n));
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    struct heap_node *rest;

    assert(heap_contains(n));
    rest = meld_siblings(n->child);
    hang(n->link, n->next);
    n->link = NULL;
    n->child = n->next = NULL;
    hang(&h->root, meld(h->root, rest));
}
