/* A block front end that asks for what Linux's never would. Each wrong request gets an error and
 * leaves the device working; what the disk holds outside is for the host to look at. Needs xvda,
 * writable, and xvdb, read-only; its disks start with text that says so. The last attack, a ring
 * index from nowhere, may cost the guest its device, but no more. */
#include "guest.h"

#define PATIENCE (10 * SECOND)
#define NOT_WRITTEN 0x77
#define FREE_SECTOR 64 /* where the guest writes what it may write */

static struct block disk, fixed;
static char *page;

/* A request for one sector into or from `page`. */
static struct blkif_request one_sector(const struct block *b, unsigned operation, uint64_t sector,
                                       grant_ref_t ref)
{
    return (struct blkif_request){
        .operation = (uint8_t)operation,
        .nr_segments = 1,
        .handle = (blkif_vdev_t)b->number,
        .id = 0x1234567890ULL + sector,
        .sector_number = sector,
        .seg[0].gref = ref,
    };
}

/* Sends it: the status of the answer. */
static int status_of(struct block *b, const struct blkif_request *request)
{
    struct blkif_response answer = {.status = 1};

    block_send(b, request);
    REQUIRE(block_answer(b, &answer, PATIENCE));
    CHECK_EQ(answer.id, request->id);
    return answer.status;
}

/* The disk still answers as before. */
static bool works(struct block *b, const char *name)
{
    memset(page, NOT_WRITTEN, PAGE_SIZE);
    return block_transfer(b, BLKIF_OP_READ, 0, 1, page) == BLKIF_RSP_OKAY &&
           !strncmp(page, name, strlen(name));
}

/* A refused read has put nothing into the page. */
static bool untouched(void)
{
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (page[i] != NOT_WRITTEN)
            return false;
    return true;
}

static void check_ordinary(void)
{
    CHECK(works(&disk, "disk a"));
    CHECK(works(&fixed, "disk b"));
    CHECK(fixed.read_only && !disk.read_only);
    memset(page, 'w', PAGE_SIZE);
    CHECK_EQ(block_transfer(&disk, BLKIF_OP_WRITE, FREE_SECTOR, 8, page), BLKIF_RSP_OKAY);
    CHECK_EQ(block_transfer(&disk, BLKIF_OP_WRITE, disk.sectors - 1, 1, page), BLKIF_RSP_OKAY);
    memset(page, 0, PAGE_SIZE);
    CHECK_EQ(block_transfer(&disk, BLKIF_OP_READ, FREE_SECTOR, 8, page), BLKIF_RSP_OKAY);
    CHECK_EQ(page[0] == 'w' && page[PAGE_SIZE - 1] == 'w', true);
}

/* Beyond the end, across it, and where adding or shifting runs over. */
static void check_range(void)
{
    const struct {
        uint64_t sector;
        unsigned count;
    } wrong[] = {
        {disk.sectors, 1}, {disk.sectors - 1, 2}, {disk.sectors - 7, 8}, {disk.sectors + 1, 8},
        {UINT64_MAX, 1},   {UINT64_MAX, 2},       {UINT64_MAX - 7, 8},   {UINT64_MAX - 6, 8},
        {1ULL << 63, 8},   {1ULL << 55, 8},       {(1ULL << 55) - 1, 2}, {1ULL << 54, 1},
        {UINT32_MAX, 8},   {1ULL << 32, 1},       {(1ULL << 63) - 1, 2},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        memset(page, NOT_WRITTEN, PAGE_SIZE);
        for (unsigned write = 0; write < 2; write++) {
            int status = block_transfer(&disk, write ? BLKIF_OP_WRITE : BLKIF_OP_READ,
                                        wrong[i].sector, wrong[i].count, page);

            if (!CHECK(status < 0))
                print("sector 0x%llx count %u write %u\n", (unsigned long long)wrong[i].sector,
                      wrong[i].count, write);
        }
        CHECK(untouched());
    }
    CHECK(works(&disk, "disk a"));
}

/* A disk that Domain0 gave for reading is not written, by no operation and under no number. */
static void check_read_only(void)
{
    grant_ref_t ref = grant_give(fixed.device.domain, va_to_mfn(page), 0);
    struct blkif_request r = one_sector(&fixed, BLKIF_OP_WRITE, FREE_SECTOR, ref);
    struct blkif_request_discard discard = {
        .operation = BLKIF_OP_DISCARD,
        .handle = (blkif_vdev_t)fixed.number,
        .id = 7,
        .sector_number = 0,
        .nr_sectors = 64,
    };

    memset(page, NOT_WRITTEN, PAGE_SIZE);
    CHECK_EQ(status_of(&fixed, &r), BLKIF_RSP_ERROR);
    r.handle = (blkif_vdev_t)disk.number;
    CHECK_EQ(status_of(&fixed, &r), BLKIF_RSP_ERROR);
    r.operation = BLKIF_OP_WRITE_BARRIER;
    CHECK_EQ(status_of(&fixed, &r), BLKIF_RSP_ERROR);
    memset(&r, 0, sizeof(r));
    memcpy(&r, &discard, sizeof(discard));
    CHECK_EQ(status_of(&fixed, &r), BLKIF_RSP_ERROR);
    discard.sector_number = UINT64_MAX - 7;
    memcpy(&r, &discard, sizeof(discard));
    CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    discard.sector_number = 1;
    discard.nr_sectors = disk.sectors;
    memcpy(&r, &discard, sizeof(discard));
    CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    /* The number of another disk in a request changes nothing: the ring says whose it is. */
    r = one_sector(&disk, BLKIF_OP_WRITE, FREE_SECTOR, ref);
    r.handle = (blkif_vdev_t)fixed.number;
    status_of(&disk, &r);
    CHECK(grant_end(ref));
    CHECK(works(&fixed, "disk b"));
}

/* Requests that are none. */
static void check_form(void)
{
    static const uint8_t operations[] = {BLKIF_OP_RESERVED_1, 7, 99, 255};
    grant_ref_t ref = grant_give(disk.device.domain, va_to_mfn(page), 0);
    struct blkif_request r;

    memset(page, NOT_WRITTEN, PAGE_SIZE);
    for (unsigned i = 0; i < sizeof(operations); i++) {
        r = one_sector(&disk, operations[i], 0, ref);
        CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_EOPNOTSUPP);
    }
    for (unsigned segments = 0; segments < 256; segments += segments == 0 ? 12 : 81) {
        r = one_sector(&disk, BLKIF_OP_READ, 0, ref);
        r.nr_segments = (uint8_t)segments;
        CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    }
    r = one_sector(&disk, BLKIF_OP_READ, 0, ref);
    r.seg[0].last_sect = 8;
    CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    r.seg[0].last_sect = 255;
    CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    r.seg[0].first_sect = 3;
    r.seg[0].last_sect = 2;
    CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR);
    CHECK(grant_end(ref));
    CHECK(untouched());
    CHECK(works(&disk, "disk a"));
}

/* One sector is read from the disk into what this reference stands for: nothing may be. */
static void refused_grant(grant_ref_t ref, const char *what)
{
    struct blkif_request r = one_sector(&disk, BLKIF_OP_READ, 0, ref);

    if (!CHECK_EQ(status_of(&disk, &r), BLKIF_RSP_ERROR))
        print("the grant: %s\n", what);
}

/* Whether a frame of the machine belongs to this domain. */
static bool is_own(mfn_t mfn)
{
    pfn_t pfn = mfn_to_pfn(mfn);

    return pfn < start_info->nr_pages && pfn_to_mfn(pfn) == mfn;
}

/* Frames of the hypervisor's, of Domain0's and of nobody's. */
static void check_foreign_frames(void)
{
    static const mfn_t low[] = {0, 1, 0xa0, 0xb8, 0x100, 0x200, 0x300, 0x400, 0x1000};
    mfn_t next = pfn_to_mfn(0);
    grant_ref_t ref;

    for (unsigned i = 0; i < ARRAY_SIZE(low); i++) {
        if (is_own(low[i]))
            continue;
        ref = grant_give(disk.device.domain, low[i], 0);
        refused_grant(ref, text("of frame 0x%lx, which is not ours", low[i]));
        CHECK(grant_end(ref));
    }
    while (is_own(next))
        next++;
    ref = grant_give(disk.device.domain, next, 0);
    refused_grant(ref, "of the frame behind ours");
    CHECK(grant_end(ref));
    ref = grant_give(disk.device.domain, 0xffffffff, 0);
    refused_grant(ref, "of a frame that is nowhere");
    CHECK(grant_end(ref));
}

static void check_grants(void)
{
    grant_ref_t ref;

    memset(page, NOT_WRITTEN, PAGE_SIZE);
    refused_grant(0x7fffffff, "beyond the table");
    refused_grant(UINT32_MAX, "the last number");
    refused_grant((grant_ref_t)GRANT_ENTRIES - 1, "never given");
    ref = grant_give(disk.device.domain, va_to_mfn(page), 0);
    CHECK(grant_end(ref));
    refused_grant(ref, "taken back");
    ref = grant_give(disk.device.domain, va_to_mfn(page), GTF_readonly);
    refused_grant(ref, "for reading only");
    CHECK(grant_end(ref));
    ref = grant_give(4321, va_to_mfn(page), 0);
    refused_grant(ref, "for another domain");
    CHECK(grant_end(ref));
    ref = grant_give(disk.device.domain, va_to_mfn(root_table()), 0);
    refused_grant(ref, "of a page table");
    CHECK(grant_end(ref));
    check_foreign_frames();
    CHECK(untouched());
    CHECK(works(&disk, "disk a"));
}

/* An indirect request to read sector 0: its segments are on a page of their own. */
static int indirect(unsigned operation, unsigned segments, uint64_t sector, grant_ref_t list)
{
    struct blkif_request_indirect r = {
        .operation = BLKIF_OP_INDIRECT,
        .indirect_op = (uint8_t)operation,
        .nr_segments = (uint16_t)segments,
        .handle = (blkif_vdev_t)disk.number,
        .id = 99,
        .sector_number = sector,
    };
    struct blkif_request plain;

    for (unsigned i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++)
        r.indirect_grefs[i] = list;
    memset(&plain, 0, sizeof(plain));
    memcpy(&plain, &r, sizeof(r) < sizeof(plain) ? sizeof(r) : sizeof(plain));
    return status_of(&disk, &plain);
}

static void check_indirect(void)
{
    struct blkif_request_segment *list = page_alloc();
    grant_ref_t data = grant_give(disk.device.domain, va_to_mfn(page), 0);
    grant_ref_t ref = grant_give(disk.device.domain, va_to_mfn(list), GTF_readonly);

    if (!disk.indirect_segments)
        return;
    list[0].gref = data;
    /* No other has a grant. */
    for (unsigned i = 1; i < PAGE_SIZE / sizeof(*list); i++)
        list[i].gref = 0x7fffffff;
    CHECK_EQ(indirect(BLKIF_OP_READ, 1, 0, ref), BLKIF_RSP_OKAY);
    memset(page, NOT_WRITTEN, PAGE_SIZE);
    CHECK_EQ(indirect(BLKIF_OP_READ, 0, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, disk.indirect_segments + 1, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, 65535, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_INDIRECT, 1, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_DISCARD, 1, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(255, 1, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, 1, disk.sectors, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_WRITE, 1, UINT64_MAX, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, 1, 0, 0x7fffffff), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, 2, 0, ref), BLKIF_RSP_ERROR);
    CHECK_EQ(indirect(BLKIF_OP_READ, disk.indirect_segments, 0, ref), BLKIF_RSP_ERROR);
    memset(page, NOT_WRITTEN, PAGE_SIZE);
    list[0].last_sect = 8;
    CHECK_EQ(indirect(BLKIF_OP_READ, 1, 0, ref), BLKIF_RSP_ERROR);
    list[0].first_sect = 5;
    list[0].last_sect = 4;
    CHECK_EQ(indirect(BLKIF_OP_READ, 1, 0, ref), BLKIF_RSP_ERROR);
    CHECK(untouched());
    CHECK(grant_end(data));
    CHECK(works(&disk, "disk a"));
}

/* More requests than the ring can hold: the device of this guest may be gone, the rest is not. */
static void check_index(void)
{
    struct blkif_response answer;

    disk.ring.sring->req_prod += 10000;
    event_send(disk.device.port);
    CHECK(!block_answer(&disk, &answer, SECOND / 2));
    CHECK(works(&fixed, "disk b"));
}

void test(void)
{
    page = page_alloc();
    REQUIRE(block_open(&disk, XVD('a')));
    REQUIRE(block_open(&fixed, XVD('b')));
    print("disks of %llu and %llu sectors, %u indirect segments\n",
          (unsigned long long)disk.sectors, (unsigned long long)fixed.sectors,
          disk.indirect_segments);
    check_ordinary();
    check_range();
    check_read_only();
    check_form();
    check_grants();
    check_indirect();
    check_index();
}
