/* Several vCPUs map, unmap and copy by the same references and handles, while another one rewrites
 * the entries (advisories 228, 226, 379). What must hold: each mapping is released once, and in the
 * end no count is left: the pages can become tables, the entries are not in use. */
#include "guest.h"

#define REFS 4
#define ROUNDS 3000
#define HANDLES 512
#define WINDOW (FREE_BASE + (4UL << 21))

static char *pages[REFS];
static grant_ref_t refs[REFS];
static volatile grant_handle_t handles[REFS];
static volatile unsigned ended, mapped, unmapped;
static volatile bool over;

static void map(unsigned i, unsigned window)
{
    struct gnttab_map_grant_ref op = {.host_addr = WINDOW + window * PAGE_SIZE,
                                      .flags = GNTMAP_host_map | (i & 1 ? GNTMAP_readonly : 0),
                                      .ref = refs[i]};

    if (!grant_table_op(GNTTABOP_map_grant_ref, &op, 1) && !op.status) {
        handles[i] = op.handle;
        __atomic_fetch_add(&mapped, 1, __ATOMIC_RELAXED);
    }
}

static void unmap(grant_handle_t handle, unsigned window)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = WINDOW + window * PAGE_SIZE, .handle = handle};

    if (!grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) && !op.status)
        __atomic_fetch_add(&unmapped, 1, __ATOMIC_RELAXED);
}

static void copy(unsigned i, unsigned j)
{
    struct gnttab_copy op = {.source.u.ref = refs[i],
                             .source.domid = DOMID_SELF,
                             .dest.u.ref = refs[j],
                             .dest.domid = DOMID_SELF,
                             .len = 64,
                             .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref};

    grant_table_op(GNTTABOP_copy, &op, 1);
}

/* Two of these work on the same addresses and handles. */
static void user(unsigned vcpu)
{
    for (unsigned n = 0; n < ROUNDS; n++) {
        map(n % REFS, n % REFS);
        if (n % 3 == 0)
            copy(n % REFS, (n + 1) % REFS);
        unmap(handles[n % REFS], n % REFS);
        unmap(handles[(n + 1) % REFS], (n + 1) % REFS);
    }
    (void)vcpu;
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

static void rewriter(unsigned vcpu)
{
    for (unsigned n = 0; !over; n++) {
        volatile struct grant_entry_v1 *e = &grant_table[refs[n % REFS]];

        __atomic_fetch_xor(&e->flags, n & 4 ? GTF_readonly : GTF_permit_access, __ATOMIC_SEQ_CST);
        e->frame = (uint32_t)va_to_mfn(pages[(n >> 3) % REFS]);
    }
    (void)vcpu;
    __atomic_fetch_add(&ended, 1, __ATOMIC_SEQ_CST);
}

/* Two mappings may have met at one address, and the first to end took the entry with it. The other
 * ends when the address leads to its page again, which is our own and may be mapped at will. */
static void end_mapping(grant_handle_t handle)
{
    for (unsigned i = 0; i < 2 * REFS; i++) {
        pte_t entry = (pte_t)va_to_mfn(pages[i / 2]) << 12 | (i & 1 ? PAGE_RO : PAGE_RW);

        MUST(update_va_mapping(WINDOW, entry, UVMF_INVLPG));
        unmap(handle, 0);
    }
    MUST(update_va_mapping(WINDOW, 0, UVMF_INVLPG));
}

void test(void)
{
    tables_for(WINDOW);
    for (unsigned i = 0; i < REFS; i++) {
        pages[i] = page_alloc();
        refs[i] = grant_give(0, va_to_mfn(pages[i]), 0);
    }
    MUST(vcpu_launch(1, user));
    MUST(vcpu_launch(2, rewriter));
    user(0);
    CHECK(WAIT_FOR(ended == 2, 20 * SECOND));
    over = true;
    CHECK(WAIT_FOR(ended == 3, 10 * SECOND));
    for (grant_handle_t handle = 0; handle < HANDLES; handle++)
        end_mapping(handle);
    for (unsigned i = 1; i < REFS; i++)
        MUST(update_va_mapping(WINDOW + i * PAGE_SIZE, 0, UVMF_INVLPG));
    print("%u mapped, %u unmapped\n", mapped, unmapped);
    CHECK(mapped > 0);
    CHECK_EQ(mapped, unmapped);
    for (unsigned i = 0; i < REFS; i++) {
        CHECK_EQ(*entry_of(WINDOW + i * PAGE_SIZE, 1), 0);
        CHECK_EQ(grant_table[refs[i]].flags & (GTF_reading | GTF_writing), 0);
        memset(pages[i], 0, PAGE_SIZE);
        MUST(page_protect(pages[i], PAGE_RO));
        CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(pages[i])), 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(pages[i])), 0);
    }
}
