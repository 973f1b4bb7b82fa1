/*
 * A pairing heap: least key first, nodes embedded in what they order, no allocation. Insert is
 * constant, taking out any node is logarithmic on average. Keys may wrap: they are compared by
 * difference and must lie within 2^63 of each other. Pure.
 */
#ifndef LIB_HEAP_H
#define LIB_HEAP_H

#include "lib/types.h"

struct heap_node {
    int64_t key;
    struct heap_node *child, *next; /* first child; next sibling */
    struct heap_node **link;        /* what points at this node; NULL when not in a heap */
};

struct heap {
    struct heap_node *root;
};

/* Puts `n`, which is in no heap, in by `key`. */
void heap_insert(struct heap *h, struct heap_node *n, int64_t key);
/* Takes `n` out of the heap it is in. */
void heap_remove(struct heap *h, struct heap_node *n);

/* True when `n` is in some heap. */
static inline bool heap_contains(const struct heap_node *n)
{
    return n->link != NULL;
}

/* The node with the least key, or NULL. */
static inline struct heap_node *heap_first(const struct heap *h)
{
    return h->root;
}

#endif
