/* sources: hypervisor/grant/maptrack.c */
/* options: --unwind 8 --object-bits 10 --no-standard-checks */
/* property: no handle is given to two mappings, one given back is no guest's any more, and the last
 * one frees the pages; for every order of 6 takings and givings back, from an empty table of one
 * page of 3 handles. */
#include "grant/maptrack.h"
#include "proof.h"

#define STEPS 6

static struct grant_mapping page[MAPTRACK_PER_PAGE], *pages[1];
static unsigned pages_out;

void *zalloc(size_t size)
{
    if (any_bool())
        return NULL;
    PROVE(pages_out == 0, "one page is enough");
    pages_out++;
    return page;
}

void zfree(void *p)
{
    PROVE(p == page && pages_out == 1, "freed once");
    pages_out--;
    for (unsigned i = 0; i < MAPTRACK_PER_PAGE; i++)
        page[i] = (struct grant_mapping){0};
}

int main(void)
{
    struct maptrack t = {.pages = pages, .max_pages = 1, .free = NO_HANDLE};
    uint32_t mine[STEPS], handle;
    bool is_mine[STEPS] = {false};

    for (unsigned i = 0; i < STEPS; i++) {
        unsigned n = any_unsigned();

        ASSUME(n < STEPS);
        if (is_mine[n]) {
            maptrack_give_back(&t, mine[n]);
            is_mine[n] = false;
            PROVE(maptrack_find(&t, mine[n]) == NULL, "a free handle names nothing");
        } else {
            handle = maptrack_take(&t);
            if (handle == NO_HANDLE)
                continue;
            for (unsigned j = 0; j < STEPS; j++)
                PROVE(!is_mine[j] || mine[j] != handle, "no handle twice");
            PROVE(maptrack_find(&t, handle) == NULL, "reserved, it is no guest's yet");
            maptrack_reserved(&t, handle)->flags = GNTMAP_host_map;
            PROVE(maptrack_find(&t, handle) != NULL, "then it is");
            mine[n] = handle;
            is_mine[n] = true;
        }
        PROVE((t.used == 0) == (pages_out == 0), "pages last as long as handles");
    }
    return 0;
}
