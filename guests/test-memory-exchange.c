/* XENMEM_exchange swaps frames for contiguous ones within an address limit; a list with a bad frame
 * changes nothing; the machine-to-physical array names the frames that came. */
#include "guest.h"

#define ORDER 3
#define COUNT (1U << ORDER)

static xen_pfn_t in[COUNT], out[1];

static struct xen_memory_exchange exchange(unsigned bits)
{
    struct xen_memory_exchange e = {
        .in = {.nr_extents = COUNT, .domid = DOMID_SELF},
        .out = {.nr_extents = 1,
                .extent_order = ORDER,
                .mem_flags = XENMEMF_address_bits(bits),
                .domid = DOMID_SELF},
    };

    set_xen_guest_handle(e.in.extent_start, in);
    set_xen_guest_handle(e.out.extent_start, out);
    return e;
}

static long current(void)
{
    domid_t self = DOMID_SELF;

    return memory_op(XENMEM_current_reservation, &self);
}

static void check_good(const pfn_t *pfns)
{
    struct xen_memory_exchange e = exchange(32);
    long before = current();

    out[0] = pfns[0];
    REQUIRE(CHECK_EQ(memory_op(XENMEM_exchange, &e), 0));
    CHECK_EQ(e.nr_exchanged, COUNT);
    CHECK_EQ(out[0] % COUNT, 0);
    CHECK(out[0] + COUNT <= 1UL << (32 - PAGE_SHIFT));
    CHECK_EQ(current(), before);
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK_EQ(mfn_to_pfn(out[0] + i), pfns[0] + i);
        MUST(map_at(FREE_BASE + i * PAGE_SIZE, out[0] + i, PAGE_RW));
        *(unsigned long *)(FREE_BASE + i * PAGE_SIZE) = i;
    }
    for (unsigned i = 0; i < COUNT; i++)
        CHECK_EQ(*(unsigned long *)(FREE_BASE + i * PAGE_SIZE), i);
}

/* Takes the frames of check_good as input again. */
static void check_refused(const pfn_t *pfns)
{
    struct xen_memory_exchange e = exchange(32);
    mfn_t base = out[0];

    /* Mapped: they cannot be given away. */
    for (unsigned i = 0; i < COUNT; i++)
        in[i] = base + i;
    out[0] = pfns[0];
    CHECK(memory_op(XENMEM_exchange, &e) < 0);
    CHECK_EQ(e.nr_exchanged, 0);
    for (unsigned i = 0; i < COUNT; i++)
        CHECK_EQ(*(unsigned long *)(FREE_BASE + i * PAGE_SIZE), i);
    for (unsigned i = 0; i < COUNT; i++)
        MUST(map_at(FREE_BASE + i * PAGE_SIZE, 0, 0));

    /* The last is none of ours: the first ones stay too. */
    e = exchange(32);
    in[COUNT - 1] = NO_MFN;
    CHECK(memory_op(XENMEM_exchange, &e) < 0);
    CHECK_EQ(e.nr_exchanged, 0);
    MUST(map_at(FREE_BASE, base, PAGE_RW));
    MUST(map_at(FREE_BASE, 0, 0));

    /* No frames below 1 MiB are to be had. */
    e = exchange(20);
    in[COUNT - 1] = base + COUNT - 1;
    CHECK_EQ(memory_op(XENMEM_exchange, &e), -XEN_ENOMEM);

    /* Sizes that do not agree. */
    e = exchange(32);
    e.in.nr_extents = COUNT - 1;
    CHECK_EQ(memory_op(XENMEM_exchange, &e), -XEN_EINVAL);
    e = exchange(32);
    e.nr_exchanged = COUNT + 1;
    CHECK_EQ(memory_op(XENMEM_exchange, &e), -XEN_EINVAL);
    e = exchange(32);
    e.out.domid = 4711;
    CHECK(memory_op(XENMEM_exchange, &e) < 0);
    e = exchange(32);
    set_xen_guest_handle(e.out.extent_start, (xen_pfn_t *)HYPERVISOR_VIRT_START);
    CHECK(memory_op(XENMEM_exchange, &e) < 0);
    CHECK_EQ(memory_op(XENMEM_exchange, (void *)0x1000), -XEN_EFAULT);
    /* After all that the good call still works. */
    e = exchange(32);
    out[0] = pfns[0];
    CHECK_EQ(memory_op(XENMEM_exchange, &e), 0);
}

void test(void)
{
    pfn_t pfns[COUNT];

    tables_for(FREE_BASE);
    for (unsigned i = 0; i < COUNT; i++) {
        pfns[i] = spare_pfn();
        in[i] = pfn_to_mfn(pfns[i]);
    }
    check_good(pfns);
    check_refused(pfns);
}
