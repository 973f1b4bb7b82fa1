/*
 * A keyed hash of a page's content, 128 bits. Pure.
 *
 * NH, the inner function of UMAC and VMAC (RFC 4418; Krovetz, "Message Authentication on 64-bit
 * Architectures", SAC 2006): pairs of words, a random word added to each, multiplied and summed.
 * Two pages that differ have the same hash for at most one key in 2^64, whatever is in them, as
 * long as who chooses the pages does not know the key. It costs a multiplication for 16 bytes.
 */
#ifndef MEMORY_PAGE_HASH_H
#define MEMORY_PAGE_HASH_H

#include "lib/config.h"
#include "lib/types.h"

struct hash_key {
    uint64_t word[PAGE_SIZE / sizeof(uint64_t)];
};

struct page_hash {
    uint64_t low, high;
};

/* Fills a key from a seed. */
void hash_key_make(struct hash_key *key, uint64_t seed);

/* The hash of a page, which others may write to meanwhile: then it is some mixture's. */
struct page_hash page_hash(const struct hash_key *key, const void *page);

static inline bool page_hash_equal(struct page_hash a, struct page_hash b)
{
    return a.low == b.low && a.high == b.high;
}

#endif
