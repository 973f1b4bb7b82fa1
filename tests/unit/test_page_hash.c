/* sources: hypervisor/memory/page_hash.c */
#include <string.h>

#include "check.h"
#include "memory/page_hash.h"

static uint64_t page[512];
static struct hash_key key, other_key;

static bool same(struct page_hash a, struct page_hash b)
{
    return page_hash_equal(a, b);
}

/* NH by its definition, with other arithmetic: 32-bit digits, carried by hand. */
static struct page_hash reference(const struct hash_key *k)
{
    uint64_t low = 0, high = 0;

    for (unsigned i = 0; i < 512; i += 2) {
        uint64_t a = page[i] + k->word[i], b = page[i + 1] + k->word[i + 1];
        uint64_t a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
        uint64_t middle = (a0 * b0 >> 32) + (a1 * b0 & 0xffffffff) + (a0 * b1 & 0xffffffff);
        uint64_t product_low = (a0 * b0 & 0xffffffff) | middle << 32;
        uint64_t product_high = a1 * b1 + (a1 * b0 >> 32) + (a0 * b1 >> 32) + (middle >> 32);

        low += product_low;
        high += product_high + (low < product_low);
    }
    return (struct page_hash){low, high};
}

static void every_bit_counts(void)
{
    struct page_hash before = page_hash(&key, page);
    unsigned unseen = 0;

    for (unsigned bit = 0; bit < 4096 * 8; bit++) {
        page[bit / 64] ^= UINT64_C(1) << bit % 64;
        unseen += same(before, page_hash(&key, page));
        page[bit / 64] ^= UINT64_C(1) << bit % 64;
    }
    CHECK_EQ(unseen, 0);
    CHECK(same(before, page_hash(&key, page)));
}

static void place_counts(void)
{
    struct page_hash before;

    memset(page, 0, sizeof(page));
    page[8] = 1;
    page[9] = 2;
    before = page_hash(&key, page);
    page[8] = 2;
    page[9] = 1;
    CHECK(!same(before, page_hash(&key, page)));
    page[8] = page[9] = 0;
    page[10] = 1;
    page[11] = 2;
    CHECK(!same(before, page_hash(&key, page)));
}

int main(void)
{
    uint64_t x = 1;

    hash_key_make(&key, 1);
    hash_key_make(&other_key, 2);
    CHECK(memcmp(&key, &other_key, sizeof(key)) != 0);
    for (unsigned i = 0; i < 512; i++)
        page[i] = x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
    CHECK(same(page_hash(&key, page), reference(&key)));
    CHECK(same(page_hash(&other_key, page), reference(&other_key)));
    CHECK(!same(page_hash(&key, page), page_hash(&other_key, page)));
    every_bit_counts();
    memset(page, 0, sizeof(page));
    CHECK(same(page_hash(&key, page), reference(&key)));
    memset(page, 0xff, sizeof(page));
    CHECK(same(page_hash(&key, page), reference(&key)));
    every_bit_counts();
    place_counts();
    return check_report();
}
