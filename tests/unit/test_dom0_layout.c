/* sources: hypervisor/boot/dom0_layout.c hypervisor/boot/dom0_size.c hypervisor/domain/hypercall_page.c */
#include <string.h>

#include "boot/dom0_layout.h"
#include "domain/hypercall_page.h"
#include "lib/config.h"
#include "check.h"

#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* Debian 12's kernel: what its notes and segments say. */
static const struct pv_image debian = {
    .is64 = true,
    .virt_base = 0xffffffff80000000,
    .start = 0xffffffff81000000,
    .end = 0xffffffff84a00000,
    .has_init_p2m = true,
    .init_p2m = 0x0000008000000000,
    .mod_start_pfn = true,
};

/* A small kernel without notes on its list of frames or its RAM disk. */
static const struct pv_image small = {
    .is64 = true,
    .virt_base = 0,
    .start = 0x100000,
    .end = 0x123456,
};

static bool disjoint(struct pfn_range a, struct pfn_range b)
{
    return !a.count || !b.count || a.first + a.count <= b.first || b.first + b.count <= a.first;
}

/* What holds for every layout: parts apart from each other, mapped ones mapped, in the order of the
 * ABI, enough tables, and free space behind. */
static void check_layout(const struct dom0_needs *needs, const struct dom0_layout *l)
{
    struct pfn_range image = {0, (needs->image->end - l->virt_base + PAGE_SIZE - 1) >> PAGE_SHIFT};
    struct pfn_range parts[] = {image,         l->initrd, l->p2m,  l->p2m_tables,
                                l->start_info, l->tables, l->stack};
    uint64_t end = l->virt_base + (l->mapped_pages << PAGE_SHIFT);

    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
        CHECK(parts[i].first + parts[i].count <= l->pages_needed);
        for (unsigned j = 0; j < i; j++)
            CHECK(disjoint(parts[i], parts[j]));
    }
    CHECK(image.count <= l->start_info.first);
    CHECK(l->start_info.first < l->tables.first);
    CHECK(l->tables.first < l->stack.first);
    CHECK(l->stack.first < l->mapped_pages);
    CHECK_EQ(l->stack.count, 1);
    CHECK_EQ(end % MIB(4), 0);
    CHECK((l->mapped_pages - l->stack.first - 1) << PAGE_SHIFT >= 512 << 10);
    CHECK(l->tables.count >= 1 + tables_for(l->virt_base, end, 1) +
                                 tables_for(l->virt_base, end, 2) +
                                 tables_for(l->virt_base, end, 3));
    CHECK(l->p2m.count << PAGE_SHIFT >= needs->nr_pages * 8);
    CHECK(l->initrd.count << PAGE_SHIFT >= needs->initrd_bytes);
}

static void test_debian(void)
{
    const uint64_t sizes[] = {MIB(192), MIB(512), GIB(1), GIB(4), GIB(64), GIB(1024)};

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct dom0_needs needs = {&debian, sizes[i] >> PAGE_SHIFT, MIB(40) + 123, 1200};
        struct dom0_layout l;

        CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
        check_layout(&needs, &l);
        CHECK(!l.initrd_mapped);
        CHECK(l.initrd.first >= l.mapped_pages);
        CHECK(l.p2m.first >= l.mapped_pages);
        CHECK_EQ(l.p2m_va, debian.init_p2m);
        CHECK_EQ(l.p2m_tables.first, l.p2m.first + l.p2m.count);
        /* 1 GiB of virtual space above the base is one L2. */
        CHECK(l.mapped_pages << PAGE_SHIFT <= GIB(1));
    }
}

static void test_small(void)
{
    struct dom0_needs needs = {&small, MIB(64) >> PAGE_SHIFT, 5000, 1200};
    struct dom0_layout l;

    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
    check_layout(&needs, &l);
    CHECK(l.initrd_mapped);
    CHECK_EQ(l.initrd.first, 0x124);
    CHECK_EQ(l.initrd.count, 2);
    CHECK_EQ(l.p2m_tables.count, 0);
    CHECK_EQ(l.p2m_va, (l.initrd.first + 2) << PAGE_SHIFT);
    CHECK_EQ(l.pages_needed, l.mapped_pages);
}

/* A 32-bit kernel's words are half as long, its root has the last GiB's table always. */
static void test_narrow(void)
{
    const struct pv_image low = {.virt_base = 0, .start = 0x100000, .end = 0x123456};
    struct pv_image high = {.virt_base = 0xc0000000, .start = 0xc0100000, .end = 0xc0123456};
    struct dom0_needs needs = {&low, MIB(64) >> PAGE_SHIFT, 0, 1200, COMPAT_HOLE_DEFAULT};
    struct dom0_layout l;

    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
    CHECK_EQ(l.p2m.count, 16);
    CHECK_EQ(l.mapped_pages << PAGE_SHIFT, MIB(4));
    /* The root, one for the first GiB and one for the last, two for 4 MiB. */
    CHECK_EQ(l.tables.count, 5);
    needs.image = &high;
    high.has_init_p2m = true; /* of no use to it */
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
    CHECK_EQ(l.tables.count, 4);
    CHECK_EQ(l.p2m_tables.count, 0);
    /* What must be mapped has to end below the hole. */
    needs.nr_pages = GIB(4) >> PAGE_SHIFT;
    needs.initrd_bytes = MIB(848) - MIB(8);
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
    CHECK(layout_va(&l, l.mapped_pages) <= COMPAT_HOLE_DEFAULT);
    needs.initrd_bytes = MIB(856);
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);
    needs.hole_start = COMPAT_HOLE_PAPER;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);
}

static void test_refusals(void)
{
    struct pv_image image = debian;
    struct dom0_needs needs = {&image, MIB(64) >> PAGE_SHIFT, 0, 1200};
    struct dom0_layout l;

    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_TOO_SMALL);
    CHECK(l.pages_needed > needs.nr_pages);
    needs.nr_pages = l.pages_needed + 8; /* the list of frames grows with the domain */
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_OK);

    needs.nr_pages = GIB(1) >> PAGE_SHIFT;
    image.init_p2m = 0xffffff8000000000;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_P2M_OVERLAP);
    image.init_p2m = HV_VIRT_START - PAGE_SIZE;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);
    image.init_p2m = 0 - PAGE_SIZE;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);

    image = debian;
    image.mod_start_pfn = false;
    needs.initrd_bytes = GIB(3);
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);
    needs.initrd_bytes = UINT64_MAX;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);
    needs.initrd_bytes = 0;
    needs.nr_pages = UINT64_MAX;
    CHECK_EQ(dom0_layout(&needs, &l), LAYOUT_NO_ADDRESSES);
}

static void test_tables(void)
{
    CHECK_EQ(tables_for(0, 1, 1), 1);
    CHECK_EQ(tables_for(0, MIB(2), 1), 1);
    CHECK_EQ(tables_for(0, MIB(2) + 1, 1), 2);
    CHECK_EQ(tables_for(MIB(2) - 1, MIB(2) + 1, 1), 2);
    CHECK_EQ(tables_for(GIB(1) - 1, GIB(1) + 1, 2), 2);
    CHECK_EQ(tables_for(0, GIB(512), 3), 1);
}

static void test_size(void)
{
    const uint64_t gib = GIB(1) >> PAGE_SHIFT, mib = MIB(1) >> PAGE_SHIFT;
    struct dom0_size none = {0, 0, 0};
    struct dom0_size asked = {MIB(512), 0, 0}, most = {GIB(9), 0, 0};
    struct dom0_size limited = {0, 0, MIB(300)}, least = {MIB(100), MIB(200), 0};

    CHECK_EQ(dom0_pages(&none, 8 * gib), 8 * gib - 128 * mib - 80 * mib);
    CHECK_EQ(dom0_pages(&none, gib), gib - 64 * mib - 80 * mib);
    CHECK_EQ(dom0_pages(&none, 64 * mib), 64 * mib - 4 * mib - 16 * mib);
    CHECK_EQ(dom0_pages(&none, 0), 0);
    CHECK_EQ(dom0_pages(&asked, gib), 512 * mib);
    CHECK_EQ(dom0_pages(&most, 8 * gib), 8 * gib - 64 * mib - 80 * mib);
    CHECK_EQ(dom0_pages(&limited, gib), 300 * mib);
    CHECK_EQ(dom0_pages(&least, gib), 200 * mib);
}

static void test_hypercall_page(void)
{
    static const uint8_t version64[] = {0x51, 0x41, 0x53, 0xb8, 17,   0,    0,   0,
                                        0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3, 0xcc};
    static const uint8_t iret64[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23, 0, 0, 0, 0x0f, 0x05, 0xcc};
    static const uint8_t version32[] = {0xb8, 17, 0, 0, 0, 0xcd, 0x82, 0xc3, 0xcc};
    static const uint8_t iret32[] = {0x50, 0xb8, 23, 0, 0, 0, 0xcd, 0x82, 0xcc};
    uint8_t page[PAGE_SIZE];

    hypercall_page_fill(page, false);
    CHECK(memcmp(page + 17 * 32, version64, sizeof(version64)) == 0);
    CHECK(memcmp(page + 23 * 32, iret64, sizeof(iret64)) == 0);
    CHECK_EQ(page[PAGE_SIZE - 1], 0xcc);
    CHECK_EQ(page[127 * 32 + 4], 127);
    hypercall_page_fill(page, true);
    CHECK(memcmp(page + 17 * 32, version32, sizeof(version32)) == 0);
    CHECK(memcmp(page + 23 * 32, iret32, sizeof(iret32)) == 0);
}

int main(void)
{
    test_debian();
    test_small();
    test_narrow();
    test_refusals();
    test_tables();
    test_size();
    test_hypercall_page();
    return check_report();
}
