/* Another vCPU rewrites a call's arguments while it runs and between its pieces, and calls begin as
 * if they had been interrupted (advisories 212, 213 and 226). What must hold: every
 * piece checks everything again, so that no more is done than any single call may do. */
#include "guest.h"

#define ENTRIES 256
#define EXTENTS 64
#define ROUNDS 40

/* In a count: the caller was interrupted. */
#define MMU_UPDATE_PREEMPTED (~(~0U >> 1))

static struct multicall_entry list[ENTRIES];
static struct xen_memory_exchange shared_exchange;
static xen_pfn_t in[EXTENTS], out[EXTENTS];
static volatile bool over, gone;
static char *page;

/* Results are written into the entries: the list's own pages, which are not tables. */
static void rewriter(unsigned vcpu)
{
    static const xen_ulong_t values[] = {0, 1, EXTENTS, EXTENTS + 1, ~(xen_ulong_t)0, 1UL << 30};

    (void)vcpu;
    for (unsigned n = 0; !over; n++) {
        struct multicall_entry *e = &list[n * 37 % ENTRIES];

        e->op = n & 1 ? __HYPERVISOR_multicall : __HYPERVISOR_xen_version;
        e->args[0] = n & 2 ? HYPERVISOR_VIRT_START : XENVER_pagesize;
        e->args[1] = n & 4 ? HYPERVISOR_VIRT_START : 0;
        *(volatile xen_ulong_t *)&shared_exchange.nr_exchanged = values[n % ARRAY_SIZE(values)];
        *(volatile xen_ulong_t *)&shared_exchange.in.nr_extents = values[(n >> 2) % 3 + 2];
        set_xen_guest_handle(shared_exchange.out.extent_start,
                             n & 8 ? out : (xen_pfn_t *)HYPERVISOR_VIRT_START);
        *(volatile unsigned *)&shared_exchange.in.extent_order = n & 16 ? 40 : 0;
    }
    gone = true;
}

static void check_rewritten(long reservation)
{
    domid_t self = DOMID_SELF;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < ENTRIES; i++)
            list[i] = (struct multicall_entry){
                .op = __HYPERVISOR_update_va_mapping,
                .args = {(unsigned long)page, PTE_ARGUMENT(pte_make(va_to_mfn(page), PAGE_RW))}};
        CHECK_EQ(multicall(list, ENTRIES), 0);
        for (unsigned i = 0; i < EXTENTS; i++) {
            in[i] = pfn_to_mfn(start_info->nr_pages - 1 - i);
            out[i] = start_info->nr_pages - 1 - i;
        }
        shared_exchange =
            (struct xen_memory_exchange){.in = {.nr_extents = EXTENTS, .domid = DOMID_SELF},
                                         .out = {.nr_extents = EXTENTS, .domid = DOMID_SELF}};
        set_xen_guest_handle(shared_exchange.in.extent_start, in);
        set_xen_guest_handle(shared_exchange.out.extent_start, out);
        memory_op(XENMEM_exchange, &shared_exchange);
        CHECK_EQ(memory_op(XENMEM_current_reservation, &self), reservation);
    }
}

/* The marks by which interrupted calls know themselves, without an interruption. */
static void check_forged(void)
{
    struct mmu_update update = {.ptr = va_to_maddr(tables_for(FREE_BASE))};
    struct mmuext_op op = {.cmd = MMUEXT_PIN_L1_TABLE, .arg1.mfn = hypervisor_mfn()};
    unsigned done = 7;

    update.val = pte_make(hypervisor_mfn(), PAGE_RW);
    CHECK_EQ(mmu_update(&update, 1 | MMU_UPDATE_PREEMPTED, &done, DOMID_SELF), -XEN_EINVAL);
    CHECK_EQ(mmuext_op(&op, 1 | MMU_UPDATE_PREEMPTED, &done, DOMID_SELF), -XEN_EINVAL);
    CHECK_EQ(mmuext_op(&op, MMU_UPDATE_PREEMPTED, &done, DOMID_SELF), 0);
    CHECK(done <= 7);
    CHECK_EQ(*entry_of(FREE_BASE, 1), 0);
}

/* A batch that would go on in another mode and address space, or on another stack (advisory 213):
 * the list would be read where it is not. */
static void check_iret(void)
{
    struct multicall_entry batch[] = {
        {.op = __HYPERVISOR_iret, .result = 99},
        {.op = __HYPERVISOR_xen_version, .result = 99, .args = {XENVER_pagesize}}};

    CHECK_EQ(multicall(batch, ARRAY_SIZE(batch)), 0);
    CHECK_EQ(batch[0].result, -XEN_EINVAL);
    CHECK_EQ(batch[1].result, PAGE_SIZE);
}

void test(void)
{
    domid_t self = DOMID_SELF;
    long reservation = memory_op(XENMEM_current_reservation, &self);

    page = page_alloc();
    check_forged();
    check_iret();
    MUST(vcpu_launch(1, rewriter));
    check_rewritten(reservation);
    over = true;
    CHECK(WAIT_FOR(gone, 10 * SECOND));
    page[0] = 1;
}
