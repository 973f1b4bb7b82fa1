/* The same on another processor (advisories 241 and 292: the flush came too late there, or missed
 * some). One vCPU keeps writing to a page while the other takes the mapping away without a flush
 * and makes the page a table. What must hold: from then on the writes fault, and change nothing. */
#include "guest.h"

static volatile pte_t *const window = (volatile pte_t *)FREE_BASE;
static volatile unsigned phase, answer, written;
static volatile bool over;

static void writer(unsigned vcpu)
{
    unsigned last = 0;

    (void)vcpu;
    while (!over) {
        unsigned now_phase = phase;

        if (now_phase == last) {
            asm volatile("pause" : : : "memory");
            continue;
        }
        last = now_phase;
        if (CATCH(window[1] = pte_make(0x100000, TABLE_BITS)) == NO_TRAP)
            written++;
        answer = now_phase;
    }
}

static bool ask(void)
{
    phase++;
    return WAIT_FOR(answer == phase, 5 * SECOND);
}

void test(void)
{
    pte_t *page = page_alloc(), *leaf = tables_for(FREE_BASE);

    page_make_readonly(page);
    MUST(vcpu_launch(1, writer));
    for (unsigned round = 0; round < 50; round++) {
        MUST(entry_write(leaf, pte_make(va_to_mfn(page), PAGE_RW)));
        written = 0;
        REQUIRE(ask());
        CHECK_EQ(written, 1);
        window[1] = 0;
        if (round % 2)
            MUST(entry_write(leaf, pte_make(va_to_mfn(page), PAGE_RO)));
        else
            MUST(update_va_mapping(FREE_BASE, 0, UVMF_NONE));
        MUST(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(page)));
        REQUIRE(ask());
        CHECK_EQ(written, 1);
        CHECK_EQ(page[1], 0);
        MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(page)));
    }
    over = true;
    CHECK(WAIT_FOR(vcpu_is_up(1) == 0, 5 * SECOND));
}
