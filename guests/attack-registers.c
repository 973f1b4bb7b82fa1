/* Registers of one domain or vCPU appear in another (advisories 52, 53, 62, 172, 267, 333: floating
 * point, its pointers, debug registers, what a new vCPU begins with). Two domains share a
 * processor; each fills its registers with a pattern of its own. What must hold: each finds its
 * own, always, and a new vCPU finds none of anybody's. */
#include "guest.h"

#define TURNS 200
#define FXSAVE_BYTES 512
#define USED_BYTES 288 /* through XMM7: what both widths have */

struct shared {
    uint32_t dirty, done;
};

static volatile struct shared *s;
static uint8_t image[FXSAVE_BYTES] __attribute__((aligned(16)));
static volatile bool ran;

static void save(void)
{
    asm volatile("fxsave %0" : "=m"(image));
}

static void fill(uint8_t seed)
{
    save();
    memset(image + 32, seed, USED_BYTES - 32);
    asm volatile("fxrstor %0" : : "m"(image));
    for (int i = 0; i < 4; i++)
        MUST(set_debugreg(i, seed * 0x10UL + (unsigned)i));
}

/* How many bytes of the registers do not have the pattern. An x87 register has ten. */
static unsigned strange(uint8_t seed)
{
    unsigned bad = 0;

    save();
    for (unsigned i = 32; i < USED_BYTES; i++)
        bad += (i >= 160 || i % 16 < 10) && image[i] != seed;
    for (int i = 0; i < 4; i++)
        bad += get_debugreg(i) != (seed ? seed * 0x10UL + (unsigned)i : 0);
    return bad;
}

static void newcomer(unsigned vcpu)
{
    (void)vcpu;
    CHECK_EQ(strange(0), 0);
    save();
    /* Control words as after a reset, no pointers to somebody's last instruction. */
    CHECK_EQ(image[0] | image[1] << 8, 0x37f);
    CHECK_EQ(image[24] | image[25] << 8, 0x1f80);
    for (unsigned i = 8; i < 24; i++)
        CHECK_EQ(image[i], 0);
    ran = true;
}

static void other(void)
{
    while (!s->done) {
        fill(0x5a);
        s->dirty++;
        sched_op(SCHEDOP_yield, NULL);
        CHECK_EQ(strange(0x5a), 0);
    }
}

void test(void)
{
    unsigned bad = 0;

    s = beside_page();
    if (is_beside()) {
        other();
        return;
    }
    fill(0x33);
    REQUIRE(beside_reach(&s->dirty, 1, 20 * SECOND));
    for (unsigned turn = 0; turn < TURNS; turn++) {
        uint32_t seen = s->dirty;

        sleep_for(100000);
        bad += strange(0x33);
        if (seen == s->dirty)
            sleep_for(MILLISECOND);
    }
    CHECK_EQ(bad, 0);
    CHECK(s->dirty > TURNS / 10);
    MUST(vcpu_launch(1, newcomer));
    CHECK(WAIT_FOR(ran, 10 * SECOND));
    CHECK_EQ(strange(0x33), 0);
    s->done = 1;
    beside_wait(20 * SECOND);
}
