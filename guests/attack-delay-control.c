/* Domain0 makes the calls of its tools that take longest, kind by kind, on the processor on which a
 * domain without privileges sleeps for moments (advisory 97: an operation on each page of a guest;
 * 344: on each port). What must hold: the other runs soon after its time has come. */
#include "guest.h"

/* Instructions, on a processor that does one in a nanosecond. */
#define MOST_LATE 250000
/* What is done in one go: 1024 frames looked at, 128 vCPUs freed, 512 frames exchanged. */
#define MOST_LATE_FRAMES 600000
#define MOST_LATE_VCPUS 400000
#define MOST_LATE_EXCHANGE 1500000

#define VCPUS 128
#define BLOCK 512
#define BLOCKS 4
#define INFOS 1024
#define TEXT 0x8000

static domid_t domain;
static xen_pfn_t blocks[BLOCKS], frames[INFOS];

static void work(void)
{
    for (volatile unsigned i = 0; i < 100000; i++)
        continue;
}

static void make_domain(unsigned vcpus)
{
    struct xen_domctl op = {.u.max_mem.max_memkb = 16 << 10};

    domain = domain_make(vcpus);
    MUST(domctl(&op, XEN_DOMCTL_max_mem, domain));
}

static void end_domain(void)
{
    struct xen_domctl op;

    MUST(domctl(&op, XEN_DOMCTL_destroydomain, domain));
}

static void fill_domain(void)
{
    struct xen_memory_reservation r = {.nr_extents = BLOCKS, .extent_order = 9, .domid = domain};

    set_xen_guest_handle(r.extent_start, blocks);
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = i * BLOCK;
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == BLOCKS);
}

static void many_vcpus(void)
{
    make_domain(VCPUS);
    MUST(domain_make_vcpus(domain, VCPUS));
    end_domain();
}

static void much_memory(void)
{
    make_domain(1);
    fill_domain();
    domain_root(domain);
    end_domain();
}

static void prepare_domain(void)
{
    make_domain(1);
    fill_domain();
}

static void frame_kinds(void)
{
    struct xen_domctl op = {.u.getpageframeinfo3.num = INFOS};

    for (unsigned i = 0; i < INFOS; i++)
        frames[i] = blocks[i / BLOCK] + i % BLOCK;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, frames);
    MUST(domctl(&op, XEN_DOMCTL_getpageframeinfo3, domain));
}

static void shadow(unsigned command)
{
    static uint8_t bits[PAGE_SIZE];
    struct xen_domctl op = {.u.shadow_op = {.op = command, .pages = 8 * sizeof(bits)}};

    set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bits);
    MUST(domctl(&op, XEN_DOMCTL_shadow_op, domain));
}

static void dirty_pages(void)
{
    shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY);
    frame_kinds();
    shadow(XEN_DOMCTL_SHADOW_OP_CLEAN);
    shadow(XEN_DOMCTL_SHADOW_OP_OFF);
}

static long system_call(struct xen_sysctl *op, unsigned command)
{
    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall1(__HYPERVISOR_sysctl, (unsigned long)op);
}

static void read_ring(void)
{
    static char text_read[TEXT];
    struct xen_sysctl op = {.u.readconsole.count = TEXT};

    set_xen_guest_handle(op.u.readconsole.buffer, text_read);
    MUST(system_call(&op, XEN_SYSCTL_readconsole));
}

static void list_domains(void)
{
    static struct xen_domctl_getdomaininfo infos[64];
    struct xen_sysctl op = {.u.getdomaininfolist.max_domains = 64};

    set_xen_guest_handle(op.u.getdomaininfolist.buffer, infos);
    MUST(system_call(&op, XEN_SYSCTL_getdomaininfolist));
}

static void many_domains(void)
{
    for (unsigned i = 0; i < 40; i++)
        make_domain(1);
}

/* 2 MiB that lie together for 2 MiB that do not, and back. */
static void exchange(void)
{
    struct xen_memory_exchange e = {
        .in = {.nr_extents = 1, .extent_order = 9, .domid = domain},
        .out = {.nr_extents = BLOCK, .domid = domain},
    };
    xen_pfn_t one = blocks[0];

    for (unsigned i = 0; i < BLOCK; i++)
        frames[i] = i;
    set_xen_guest_handle(e.in.extent_start, &one);
    set_xen_guest_handle(e.out.extent_start, frames);
    MUST(memory_op(XENMEM_exchange, &e));
    one = 0;
    e.out.nr_extents = 1, e.out.extent_order = 9;
    e.in.nr_extents = BLOCK, e.in.extent_order = 0;
    e.nr_exchanged = 0;
    set_xen_guest_handle(e.in.extent_start, frames);
    set_xen_guest_handle(e.out.extent_start, &one);
    MUST(memory_op(XENMEM_exchange, &e));
    blocks[0] = one;
}

static const struct delay_kind kinds[] = {
    {"no call", NULL, work, 0}, /* until the warp of who has slept before is over */
    {"a domain with 128 vCPUs", NULL, many_vcpus, MOST_LATE_VCPUS},
    {"a domain's memory", NULL, much_memory, 0},
    {"kinds of frames", prepare_domain, frame_kinds, MOST_LATE_FRAMES},
    {"log of dirty pages", NULL, dirty_pages, MOST_LATE_FRAMES},
    {"Ringfort's messages", NULL, read_ring, 0},
    {"exchange of 2 MiB", NULL, exchange, MOST_LATE_EXCHANGE},
    {"list of 42 domains", many_domains, list_domains, 0},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void test(void)
{
    if (is_beside()) {
        delay_watch(KINDS);
        return;
    }
    delay_cause(kinds, KINDS);
    beside_wait(20 * SECOND);
    delay_check(kinds, KINDS, MOST_LATE);
}
