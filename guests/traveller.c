/* A guest to be saved, restored and moved while it works: it changes all of its pages and compares
 * them, by one mapping and by another, counts rounds, and has a second vCPU that counts for itself.
 * To each line on its console it says how far it is; "end" ends it with its verdict. */
#include "guest.h"

GUEST_ROOM(2, 320);

#define PAGES 256
#define WORDS (PAGE_SIZE / sizeof(uint32_t))
#define WINDOW FREE_BASE

static uint32_t rounds, journeys;
static volatile unsigned long beats;

/* Without the library's clock: it is in shared_info, which is away while the guest is suspended. */
static void beat(unsigned vcpu)
{
    struct vcpu_runstate_info state;

    for (;; beats++) {
        MUST(vcpu_op(VCPUOP_get_runstate_info, vcpu, &state));
        struct sched_poll poll = {.timeout = state.state_entry_time + 10 * MILLISECOND};

        sched_op(SCHEDOP_poll, &poll);
    }
}

/* The pages once more at other addresses, the last one first. */
static void map_window(char *pages)
{
    for (unsigned i = 0; i < PAGES; i++)
        MUST(map_at(WINDOW + i * PAGE_SIZE, va_to_mfn(pages + (PAGES - 1 - i) * PAGE_SIZE),
                    PAGE_RW));
}

static uint32_t word_of(unsigned page, unsigned word)
{
    return rounds * 2654435761U ^ (page << 16 | word);
}

static void write_pages(uint32_t (*pages)[WORDS])
{
    for (unsigned i = 0; i < PAGES; i++)
        for (unsigned w = 0; w < WORDS; w++)
            pages[i][w] = word_of(i, w);
}

static bool compare_pages(const uint32_t (*window)[WORDS])
{
    for (unsigned i = 0; i < PAGES; i++)
        for (unsigned w = 0; w < WORDS; w++)
            if (window[PAGES - 1 - i][w] != word_of(i, w))
                return false;
    return true;
}

/* The tools have given every page another frame. */
static void check_frames(const void *readonly)
{
    static const char image[] = "begins with the code";

    for (pfn_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        if (!CHECK_EQ(mfn_to_pfn(pfn_to_mfn(pfn)), pfn))
            break;
    CHECK_EQ(pte_mfn(*entry_of((unsigned long)image, 1)), va_to_mfn(image));
    CHECK_EQ(CATCH(*(volatile char *)readonly = 1), TRAP_PF);
    CHECK_EQ(vcpu_is_up(1), 1);
}

void test(void)
{
    uint32_t(*pages)[WORDS] = pages_alloc(PAGES);
    void *readonly = page_alloc();
    char line[64];

    page_make_readonly(readonly);
    map_window((char *)pages);
    suspend_prepare();
    MUST(vcpu_launch(1, beat));
    do {
        rounds++;
        write_pages(pages);
        if (suspend_if_asked()) {
            journeys++;
            check_frames(readonly);
        }
        CHECK(compare_pages((const uint32_t(*)[WORDS])WINDOW));
        line[0] = '\0';
        if (console_line(line, sizeof(line), 10 * MILLISECOND) > 0)
            print("%u rounds, %lu beats, %u journeys at %s\n", rounds, beats, journeys, line);
    } while (strcmp(line, "end"));
}
