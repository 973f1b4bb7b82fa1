/* See page_hash.h. */
#include "memory/page_hash.h"

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a counter, well mixed. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void hash_key_make(struct hash_key *key, uint64_t seed)
{
    for (unsigned i = 0; i < ARRAY_SIZE(key->word); i++)
        key->word[i] = next_random(&seed);
}

struct page_hash page_hash(const struct hash_key *key, const void *page)
{
    const uint64_t *k = key->word, *m = page;
    unsigned __int128 sum = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(key->word); i += 2)
        sum += (unsigned __int128)(m[i] + k[i]) * (m[i + 1] + k[i + 1]);
    return (struct page_hash){.low = (uint64_t)sum, .high = (uint64_t)(sum >> 64)};
}
