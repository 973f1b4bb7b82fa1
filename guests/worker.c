/* A guest that works on xvda without end: it writes a page that no other is like, reads it back and
 * compares. To each line on its console it says how far it is; "end" ends it with its verdict. */
#include "guest.h"

GUEST_ROOM(1, 32);

static uint64_t rounds;

static void work(struct block *disk, uint64_t *page)
{
    uint64_t sector = rounds * PAGE_SECTORS % (disk->sectors - PAGE_SECTORS);

    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
        page[i] = rounds << 32 | i;
    CHECK_EQ(block_transfer(disk, BLKIF_OP_WRITE, sector, PAGE_SECTORS, page), BLKIF_RSP_OKAY);
    memset(page, 0, PAGE_SIZE);
    CHECK_EQ(block_transfer(disk, BLKIF_OP_READ, sector, PAGE_SECTORS, page), BLKIF_RSP_OKAY);
    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
        if (page[i] != (rounds << 32 | i)) {
            CHECK(!"what was written is read");
            break;
        }
    rounds++;
}

void test(void)
{
    static struct block disk;
    uint64_t *page = page_alloc();
    char line[64];

    REQUIRE(block_open(&disk, XVD('a')));
    do {
        while (console_line(line, sizeof(line), 10 * MILLISECOND) <= 0)
            work(&disk, page);
        print("%llu rounds at %s\n", (unsigned long long)rounds, line);
    } while (strcmp(line, "end"));
    CHECK(block_close(&disk));
}
