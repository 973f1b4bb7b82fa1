/* A toolstack that asks for what no toolstack would. What must hold: a domain runs only when every
 * pause of it is over, whenever its vCPUs were made; pauses are counted, and not more of them taken
 * than can be; a domain that is dying gets no more vCPUs. */
#include "guest.h"

#define WINDOW (FREE_BASE + 0x200000UL)
#define PAUSES_TRIED 300

static struct xen_domctl op;

/* Paused, without vCPUs and memory. */
static domid_t make_domain(unsigned vcpus)
{
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = vcpus,
        .max_evtchn_port = 100,
        .max_grant_frames = 1,
        .max_maptrack_frames = 1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    MUST(domctl(&op, XEN_DOMCTL_createdomain, 0));
    return op.domain;
}

static long make_vcpus(domid_t id, unsigned vcpus)
{
    op.u.max_vcpus.max = vcpus;
    return domctl(&op, XEN_DOMCTL_max_vcpus, id);
}

static mfn_t give_page(domid_t id)
{
    xen_pfn_t frame = 0;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = id};

    op.u.max_mem.max_memkb = 1024;
    MUST(domctl(&op, XEN_DOMCTL_max_mem, id));
    set_xen_guest_handle(r.extent_start, &frame);
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == 1);
    return frame;
}

/* A root with nothing in it that the guest could run: of this guest's own width. */
static mfn_t give_root(domid_t id)
{
    mfn_t root;
    struct mmuext_op pin = {.cmd = PIN_ROOT};

    if (ROOT_LEVEL == 3) {
        op.u.address_size.size = 32;
        MUST(domctl(&op, XEN_DOMCTL_set_address_size, id));
    }
    root = give_page(id);
    if (ROOT_LEVEL == 3) {
        struct mmu_update last = {
            .ptr = ((maddr_t)root << PAGE_SHIFT) + (ROOT_ENTRIES - 1) * sizeof(pte_t),
            .val = pte_make(give_page(id), ROOT_TABLE_BITS),
        };

        MUST(mmu_update(&last, 1, NULL, (id + 1u) << 16 | id));
    }
    pin.arg1.mfn = root;
    MUST(mmuext_op(&pin, 1, NULL, id));
    return root;
}

/* Its first instruction is not there, and it has no handlers: running is its end. */
static void give_registers(domid_t id)
{
    static struct vcpu_guest_context context;

    context = (struct vcpu_guest_context){.flags = VGCF_IN_KERNEL | VGCF_online};
    context_start(&context, (void *)0x1000, NULL, 0);
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS;
    context.ctrlreg[3] = xen_pfn_to_cr3(give_root(id));
    op.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
    MUST(domctl(&op, XEN_DOMCTL_setvcpucontext, id));
}

static bool has_run(domid_t id)
{
    MUST(domctl(&op, XEN_DOMCTL_getdomaininfo, id));
    return op.u.getdomaininfo.flags & XEN_DOMINF_shutdown;
}

/* Its vCPU is made while it is shut down, as nobody's would be, and it is resumed: paused it still
 * is. Before and after, more pauses than are counted are refused, and none gets lost. */
static void pauses(void)
{
    domid_t id = make_domain(1);
    struct sched_remote_shutdown end = {.domain_id = id, .reason = SHUTDOWN_suspend};
    unsigned taken = 1;

    MUST(sched_op(SCHEDOP_remote_shutdown, &end));
    MUST(make_vcpus(id, 1));
    MUST(domctl(&op, XEN_DOMCTL_resumedomain, id));
    give_registers(id);
    sleep_for(20 * MILLISECOND);
    CHECK(!has_run(id));

    while (taken < PAUSES_TRIED && !domctl(&op, XEN_DOMCTL_pausedomain, id))
        taken++;
    CHECK(taken < PAUSES_TRIED);
    CHECK_EQ(domctl(&op, XEN_DOMCTL_pausedomain, id), -XEN_EOVERFLOW);
    while (--taken)
        MUST(domctl(&op, XEN_DOMCTL_unpausedomain, id));
    sleep_for(20 * MILLISECOND);
    CHECK(!has_run(id));
    MUST(domctl(&op, XEN_DOMCTL_unpausedomain, id));
    CHECK(WAIT_FOR(has_run(id), 10 * SECOND));
    CHECK_EQ(domctl(&op, XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
    MUST(domctl(&op, XEN_DOMCTL_destroydomain, id));
}

/* A page of it that is mapped here keeps what is left of a domain that is destroyed. */
static void no_vcpus_for_the_dying(void)
{
    domid_t id = make_domain(2);
    struct mmu_update map = {.ptr = va_to_maddr(tables_for(WINDOW)),
                             .val = pte_make(give_page(id), PAGE_RW)};

    MUST(mmu_update(&map, 1, NULL, id));
    MUST(domctl(&op, XEN_DOMCTL_destroydomain, id));
    CHECK_EQ(make_vcpus(id, 2), -XEN_ESRCH);
    MUST(update_va_mapping(WINDOW, 0, UVMF_INVLPG | UVMF_ALL));
    CHECK_EQ(make_vcpus(id, 2), -XEN_ESRCH);
}

void test(void)
{
    pauses();
    no_vcpus_for_the_dying();
    check_recount();
}
