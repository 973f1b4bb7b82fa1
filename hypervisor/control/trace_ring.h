/*
 * One CPU's ring of trace records: written by that CPU alone, read by any. Pure.
 *
 * Nobody waits: the writer replaces the oldest record, and a reader looks afterwards how far the
 * writer has come and drops what may have been replaced while it was copied. That is sound where
 * stores become visible in the order they are made, as on x86.
 */
#ifndef CONTROL_TRACE_RING_H
#define CONTROL_TRACE_RING_H

#include "interface/ringfort.h"
#include "lib/types.h"

struct trace_ring {
    struct ringfort_record *records; /* NULL: none */
    uint64_t size;                   /* a power of two */
    uint64_t head;                   /* number of the next record; the first ever is 0 */
} CACHE_ALIGNED;

/* Interrupts off, on the ring's CPU. */
static inline void trace_ring_put(struct trace_ring *r, const struct ringfort_record *record)
{
    uint64_t head = r->head;

    r->records[head & (r->size - 1)] = *record;
    __atomic_store_n(&r->head, head + 1, __ATOMIC_RELEASE);
}

/* Number of the oldest record that is whole when the next one is `head`, which the writer may be
 * half through writing, over the one before that. */
static inline uint64_t trace_ring_oldest(const struct trace_ring *r, uint64_t head)
{
    return head >= r->size ? head - r->size + 1 : 0;
}

/* Copies up to `room` records from number *cursor on, and moves it behind the last. Adds what was
 * replaced before it was read to *lost. A cursor from beyond the head begins with the oldest. */
static inline unsigned trace_ring_get(const struct trace_ring *r, uint64_t *cursor,
                                      struct ringfort_record *to, unsigned room, uint64_t *lost)
{
    uint64_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
    uint64_t oldest = trace_ring_oldest(r, head);
    uint64_t n, torn = 0;

    if (*cursor > head)
        *cursor = oldest;
    if (*cursor < oldest) {
        *lost += oldest - *cursor;
        *cursor = oldest;
    }
    n = MIN(head - *cursor, room);
    for (uint64_t i = 0; i < n; i++)
        to[i] = r->records[(*cursor + i) & (r->size - 1)];

    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    oldest = trace_ring_oldest(r, __atomic_load_n(&r->head, __ATOMIC_ACQUIRE));
    if (oldest > *cursor)
        torn = MIN(oldest - *cursor, n);
    for (uint64_t i = torn; i < n; i++)
        to[i - torn] = to[i];
    *lost += torn;
    *cursor += n;
    return (unsigned)(n - torn);
}

#endif
