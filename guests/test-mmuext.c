/* mmuext_op: tables of every level pinned and unpinned, roots changed, pages cleared and copied,
 * flushes, bad frames refused; the count of operations done stops at the first bad one. */
#include "guest.h"

static void check_pins(void)
{
    char *page = page_alloc();
    mfn_t mfn = va_to_mfn(page);

    page_make_readonly(page);
    for (unsigned pin = MMUEXT_PIN_L1_TABLE; pin <= PIN_EMPTY_LAST; pin++) {
        CHECK_EQ(mmuext_mfn(pin, mfn), 0);
        /* Pinned once only, and to one type. */
        CHECK_EQ(mmuext_mfn(pin, mfn), -XEN_EINVAL);
        CHECK(mmuext_mfn((pin + 1) % 4, mfn) < 0);
        CHECK(page_protect(page, PAGE_RW) < 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), -XEN_EINVAL);
        CHECK_EQ(page_protect(page, PAGE_RW), 0);
        /* The hypervisor's slots of an L4 go with it: what is left must not be taken for a table
         * that is to be validated. */
        memset(page, 0, PAGE_SIZE);
        CHECK(mmuext_mfn(pin, mfn) < 0);
        page_make_readonly(page);
    }
    for (unsigned pin = PIN_EMPTY_LAST + 1; pin <= MMUEXT_PIN_L4_TABLE; pin++)
        CHECK_EQ(mmuext_mfn(pin, mfn), -XEN_EINVAL);
    CHECK(mmuext_mfn(MMUEXT_PIN_L1_TABLE, NO_MFN) < 0);
    CHECK(mmuext_mfn(MMUEXT_UNPIN_TABLE, NO_MFN) < 0);
}

/* A chain of all levels: pinning the root validates all below it. */
static void check_chain(void)
{
    pte_t *t[ROOT_LEVEL], *last = page_alloc();
    mfn_t root;

    for (unsigned i = 0; i < ROOT_LEVEL; i++)
        t[i] = page_alloc();
    root = va_to_mfn(t[ROOT_LEVEL - 1]);
    t[0][0] = pte_make(va_to_mfn(page_alloc()), PAGE_RW);
    for (unsigned i = 1; i < ROOT_LEVEL; i++)
        t[i][0] = pte_make(va_to_mfn(t[i - 1]), i == ROOT_LEVEL - 1 ? ROOT_TABLE_BITS : TABLE_BITS);
    t[ROOT_LEVEL - 1][ROOT_ENTRIES - 1] = pte_make(va_to_mfn(last), ROOT_TABLE_BITS);
    page_make_readonly(last);
    /* All must be read-only first. */
    for (unsigned i = 0; i < ROOT_LEVEL; i++) {
        CHECK(mmuext_mfn(PIN_ROOT, root) < 0);
        page_make_readonly(t[i]);
    }
    CHECK_EQ(mmuext_mfn(PIN_ROOT, root), 0);
    for (unsigned i = 0; i < ROOT_LEVEL - 1; i++) {
        CHECK(page_protect(t[i], PAGE_RW) < 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(t[i])), -XEN_EINVAL);
    }
    /* A pinned table below outlives the root. */
    CHECK_EQ(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(t[1])), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, root), 0);
    CHECK_EQ(page_protect(t[2], PAGE_RW), 0);
    CHECK(page_protect(t[1], PAGE_RW) < 0);
    CHECK(page_protect(t[0], PAGE_RW) < 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(t[1])), 0);
    CHECK_EQ(page_protect(t[1], PAGE_RW), 0);
    CHECK_EQ(page_protect(t[0], PAGE_RW), 0);
}

/* A copy of the root, with the hypervisor's part left out, is as good as the root. */
static void check_baseptr(void)
{
    pte_t *old = root_table(), *copy = page_alloc();
    volatile unsigned local = 5;

    for (unsigned i = 0; i < ROOT_ENTRIES; i++)
        copy[i] = i < 256 || i >= 272 ? old[i] : 0;
    page_make_readonly(copy);
    CHECK_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, va_to_mfn(copy)), 0);
    CHECK_EQ(local, 5);
    CHECK_EQ(mfn_to_pfn(va_to_mfn(old)), va_to_pfn(old));
    CHECK(page_protect(copy, PAGE_RW) < 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(copy)), -XEN_EINVAL);
    /* The hypervisor has put its slots there. */
    if (ROOT_LEVEL == 4) {
        CHECK(copy[256] & PTE_P);
        CHECK_EQ(copy[256] & PTE_RW, old[256] & PTE_RW);
    }
    CHECK_EQ(mmuext_mfn(MMUEXT_NEW_BASEPTR, va_to_mfn(old)), 0);
    CHECK_EQ(page_protect(copy, PAGE_RW), 0);

    /* No root: a page in use as something else, no frame at all. */
    CHECK(mmuext_mfn(MMUEXT_NEW_BASEPTR, va_to_mfn(copy)) < 0);
    CHECK(mmuext_mfn(MMUEXT_NEW_BASEPTR, pte_mfn(*entry_of(VIRT_BASE, ROOT_LEVEL))) < 0);
    CHECK(mmuext_mfn(MMUEXT_NEW_BASEPTR, NO_MFN) < 0);
    CHECK(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(copy)) < 0);
    if (ROOT_LEVEL == 4) {
        CHECK_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(old)), 0);
        CHECK_EQ(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    } else {
        CHECK(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn(old)) < 0);
    }
    CHECK_EQ(local, 5);
}

static void check_pages(void)
{
    char *from = page_alloc(), *to = page_alloc(), *table = page_alloc();
    struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};

    memset(from, 0x5a, PAGE_SIZE);
    op.arg1.mfn = va_to_mfn(to);
    op.arg2.src_mfn = va_to_mfn(from);
    CHECK_EQ(mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    CHECK_EQ(memcmp(from, to, PAGE_SIZE), 0);
    CHECK_EQ(mmuext_mfn(MMUEXT_CLEAR_PAGE, va_to_mfn(to)), 0);
    CHECK_EQ(to[0] | to[4095], 0);
    /* A table must not be cleared or copied over. */
    page_make_readonly(table);
    MUST(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(table)));
    CHECK(mmuext_mfn(MMUEXT_CLEAR_PAGE, va_to_mfn(table)) < 0);
    op.arg1.mfn = va_to_mfn(table);
    CHECK(mmuext_op(&op, 1, NULL, DOMID_SELF) < 0);
    MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)));
    op.arg1.mfn = NO_MFN;
    CHECK(mmuext_op(&op, 1, NULL, DOMID_SELF) < 0);
    CHECK(mmuext_mfn(MMUEXT_CLEAR_PAGE, NO_MFN) < 0);
}

static void check_flushes(void)
{
    unsigned long all = ~0UL;
    struct mmuext_op ops[] = {
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
        {.cmd = MMUEXT_TLB_FLUSH_ALL},
        {.cmd = MMUEXT_TLB_FLUSH_MULTI},
        {.cmd = MMUEXT_INVLPG_MULTI, .arg1.linear_addr = VIRT_BASE},
        {.cmd = 14},
        {.cmd = MMUEXT_FLUSH_CACHE},
    };
    unsigned done = 99;

    set_xen_guest_handle(ops[2].arg2.vcpumask, &all);
    set_xen_guest_handle(ops[3].arg2.vcpumask, &all);
    CHECK_EQ(mmuext_op(ops, 4, &done, DOMID_SELF), 0);
    CHECK_EQ(done, 4);
    CHECK_EQ(mmuext_op(ops, 6, &done, DOMID_SELF), -XEN_ENOSYS);
    CHECK_EQ(done, 4);
    CHECK_EQ(mmuext_op(ops + 5, 1, &done, DOMID_SELF), 0);
    CHECK_EQ(mmuext_va(MMUEXT_INVLPG_LOCAL, NO_ADDRESS), 0);
    CHECK_EQ(mmuext_va(MMUEXT_INVLPG_ALL, HYPERVISOR_VIRT_START), 0);
    CHECK_EQ(mmuext_op((void *)0x1000, 1, &done, DOMID_SELF), -XEN_EFAULT);
    CHECK_EQ(mmuext_op(ops, 1, &done, 4711), -XEN_ESRCH);
    set_xen_guest_handle(ops[2].arg2.vcpumask, (void *)0x1000);
    CHECK(mmuext_op(ops + 2, 1, &done, DOMID_SELF) < 0);
}

void test(void)
{
    check_pins();
    check_chain();
    check_baseptr();
    check_pages();
    check_flushes();
}
