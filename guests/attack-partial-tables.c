/* A tree of tables whose validation takes so long that it is cut into pieces is changed, unpinned
 * and pinned again by another vCPU between the pieces (advisories 45, 299, 310). What must hold:
 * nothing is counted twice or forgotten: in the end all of its pages can be written again, and a
 * debug build finds all counts right. */
#include "guest.h"

#define TABLES 48
#define ROUNDS 30

static pte_t *top, *tables[TABLES];
static char *data;
static volatile bool over, gone;
static volatile unsigned changes;

static void other(unsigned vcpu)
{
    (void)vcpu;
    for (unsigned n = 0; !over; n++) {
        pte_t *table = tables[n * 7 % TABLES];

        switch (n % 5) {
        case 0:
            changes += !mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(top));
            break;
        case 1:
            changes += !entry_write(&top[n * 7 % TABLES], 0);
            break;
        case 2:
            changes += !entry_write(&top[n * 7 % TABLES], pte_make(va_to_mfn(table), TABLE_BITS));
            break;
        case 3:
            changes += !entry_write(&table[n % 512], pte_make(va_to_mfn(data), PAGE_RO));
            break;
        default:
            changes +=
                !mmuext_mfn(n & 1 ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE, va_to_mfn(table));
        }
    }
    gone = true;
}

void test(void)
{
    uint64_t limit = now() + 8 * SECOND;
    unsigned pinned = 0;

    top = page_alloc();
    data = page_alloc();
    for (unsigned i = 0; i < TABLES; i++) {
        tables[i] = page_alloc();
        for (unsigned j = 0; j < TABLE_ENTRIES; j++)
            tables[i][j] = pte_make(va_to_mfn(data), PAGE_RW);
        top[i] = pte_make(va_to_mfn(tables[i]), TABLE_BITS);
        page_make_readonly(tables[i]);
    }
    page_make_readonly(top);
    MUST(vcpu_launch(1, other));
    for (unsigned n = 0; n < ROUNDS && now() < limit; n++) {
        pinned += !mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(top));
        mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(top));
    }
    over = true;
    CHECK(WAIT_FOR(gone, 10 * SECOND));
    print("%u times pinned, %u changes by the other\n", pinned, changes);
    CHECK(pinned > 0);
    CHECK(changes > 0);
    mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(top));
    for (unsigned i = 0; i < TABLES; i++)
        mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(tables[i]));
    CHECK_EQ(page_protect(top, PAGE_RW), 0);
    for (unsigned i = 0; i < TABLES; i++)
        CHECK_EQ(page_protect(tables[i], PAGE_RW), 0);
}
