/* Pages of the domain beside Domain0 that are there for what Domain0 does to that domain's memory.
 * Their numbers reach Domain0 in one page, granted by a reference that no other call uses. */
#include "random.h"

#define TARGETS_REF (GRANT_FIRST + 200)
#define TARGETS_WORD 0x74617267

static struct {
    uint32_t word, frames[TARGETS];
} list __attribute__((aligned(PAGE_SIZE)));

static void offer(void)
{
    for (unsigned i = 0; i < TARGETS; i++) {
        void *page = page_alloc();

        list.frames[i] = (uint32_t)va_to_mfn(page);
        MUST(page_protect(page, 0));
    }
    list.word = TARGETS_WORD;
    grant_table[TARGETS_REF].domid = 0;
    grant_table[TARGETS_REF].frame = (uint32_t)va_to_mfn(&list);
    xen_wmb();
    grant_table[TARGETS_REF].flags = GTF_permit_access | GTF_readonly;
}

static void learn(void)
{
    struct gnttab_copy copy = {.source = {.u.ref = TARGETS_REF, .domid = BESIDE_DOMAIN},
                               .dest = {.u.gmfn = va_to_mfn(&list), .domid = DOMID_SELF},
                               .len = sizeof(list),
                               .flags = GNTCOPY_source_gref};
    uint64_t limit = now() + PATIENCE;

    do {
        MUST(grant_table_op(GNTTABOP_copy, &copy, 1));
        if (copy.status == GNTST_okay && list.word == TARGETS_WORD)
            return;
        sleep_for(MILLISECOND);
    } while (now() < limit);
    check_abort("the domain beside this one has set no pages aside");
}

void targets_make(void)
{
    if (is_beside())
        offer();
    else
        learn();
}

mfn_t some_target(void)
{
    return list.frames[below(TARGETS)];
}

bool is_target(mfn_t mfn)
{
    for (unsigned i = 0; i < TARGETS; i++)
        if (list.frames[i] == mfn)
            return true;
    return false;
}

void targets_end(void)
{
    struct mmuext_op unpin = {.cmd = MMUEXT_UNPIN_TABLE};

    for (unsigned i = 0; i < TARGETS && !is_beside(); i++) {
        unpin.arg1.mfn = list.frames[i];
        mmuext_op(&unpin, 1, NULL, BESIDE_DOMAIN);
    }
}
