/* A domain without privileges makes the longest calls that it can, kind by kind, on the processor
 * on which Domain0 sleeps for moments (advisories 31, 45, 97, 125, 264, 290, 344: page tables,
 * extents, frames or ports by the thousand without a look at what else waits; the whole machine
 * stood still). What must hold: Domain0 runs soon after its time has come, whatever the other is
 * in the middle of. */
#include "guest.h"

/* Instructions, on a processor that does one in a nanosecond. */
#define MOST_LATE 250000

#define FULL_TABLES 32
#define FRAMES 2048
#define BLOCK_ORDER 9
#define BLOCK (1U << BLOCK_ORDER)
#define EXCHANGE_ORDER 6 /* the largest here */
#define EXCHANGES (BLOCK >> EXCHANGE_ORDER)
#define UPDATES 4096
#define OPERATIONS 2048
#define CALLS 2048
#define GRANT_OPS 2048
#define HANDLES 8192
#define GDT_FRAMES 14
#define LDT_PAGES 16
#define DATA_SEGMENT 0x00cff2000000ffffULL
#define NO_PORT 0x1f0

GUEST_ROOM(4, 768);

static pte_t *tables[FULL_TABLES], *directory, *broken, *freeing;
static mfn_t data[TABLE_ENTRIES];
static xen_pfn_t list[FRAMES];
static pfn_t pfns[FRAMES];
static struct mmu_update updates[UPDATES];
static struct mmuext_op operations[OPERATIONS];
static struct multicall_entry calls[CALLS];

/* A table that takes long: each entry is another page, and may be written through. */
static void table_fill(pte_t *table)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        table[i] = pte_make(data[i], PAGE_RW);
}

static void make_tables(void)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        data[i] = pfn_to_mfn(spare_pfn());
    directory = page_alloc();
    for (unsigned t = 0; t < FULL_TABLES; t++) {
        tables[t] = page_alloc();
        table_fill(tables[t]);
        page_make_readonly(tables[t]);
        directory[t] = pte_make(va_to_mfn(tables[t]), TABLE_BITS);
    }
    page_make_readonly(directory);
    broken = page_alloc();
    table_fill(broken);
    broken[TABLE_ENTRIES - 1] = pte_make(NO_MFN, PAGE_RW);
    page_make_readonly(broken);
    tables_for(FREE_BASE);
}

static void work(void)
{
    for (volatile unsigned i = 0; i < 100000; i++)
        continue;
}

static void pin_tree(void)
{
    MUST(mmuext_mfn(MMUEXT_PIN_L2_TABLE, va_to_mfn(directory)));
    MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(directory)));
}

static void pin_broken(void)
{
    CHECK(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(broken)) < 0);
}

static void one_operation(unsigned i, unsigned cmd, mfn_t mfn)
{
    operations[i].cmd = cmd;
    operations[i].arg1.mfn = mfn;
}

static void prepare_pins(void)
{
    for (unsigned i = 0; i < OPERATIONS; i++)
        one_operation(i, i % 2 ? MMUEXT_UNPIN_TABLE : MMUEXT_PIN_L1_TABLE,
                      va_to_mfn(tables[i / 2 % FULL_TABLES]));
}

static void prepare_copies(void)
{
    for (unsigned i = 0; i < OPERATIONS; i++) {
        one_operation(i, MMUEXT_COPY_PAGE, data[i % TABLE_ENTRIES]);
        operations[i].arg2.src_mfn = data[(i + 1) % TABLE_ENTRIES];
    }
}

static void prepare_flushes(void)
{
    for (unsigned i = 0; i < OPERATIONS; i++)
        one_operation(i, i % 2 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL, 0);
}

static void operate(void)
{
    MUST(mmuext_op(operations, OPERATIONS, NULL, DOMID_SELF));
}

static void prepare_leaves(void)
{
    for (unsigned i = 0; i < UPDATES; i++) {
        updates[i].ptr = va_to_maddr(entry_of(FREE_BASE, 1) + i % TABLE_ENTRIES);
        updates[i].val = pte_make(data[i % 7], i % 2 ? PAGE_RO : PAGE_RW);
    }
}

/* Each update has a whole table checked and another one let go of. */
static void prepare_swaps(void)
{
    for (unsigned i = 0; i < UPDATES; i++) {
        updates[i].ptr = va_to_maddr(entry_of(FREE_BASE + LEVEL_SPAN(2), 2));
        updates[i].val = pte_make(va_to_mfn(tables[i % 2]), TABLE_BITS);
    }
}

static void update(void)
{
    MUST(mmu_update(updates, UPDATES, NULL, DOMID_SELF));
}

static struct xen_memory_reservation frames_of(xen_pfn_t *frames, unsigned count, unsigned order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, frames);
    return r;
}

static void frames_take(unsigned count)
{
    struct xen_memory_reservation r = frames_of(list, count, 0);

    memcpy(list, pfns, count * sizeof(*list));
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == (long)count);
}

static void frames_give(unsigned count)
{
    struct xen_memory_reservation r = frames_of(list, count, 0);

    REQUIRE(memory_op(XENMEM_decrease_reservation, &r) == (long)count);
}

static void prepare_frames(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        pfns[i] = spare_pfn();
        list[i] = pfn_to_mfn(pfns[i]);
    }
    frames_give(FRAMES);
}

static void change_frames(void)
{
    frames_take(FRAMES);
    frames_give(FRAMES);
}

/* Frames that were given back, and become free with the last table that has them. */
static void free_by_table(void)
{
    if (!freeing)
        freeing = page_alloc();
    frames_take(TABLE_ENTRIES);
    MUST(page_protect(freeing, PAGE_RW));
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        freeing[i] = pte_make(list[i], PAGE_RW);
    page_make_readonly(freeing);
    MUST(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(freeing)));
    frames_give(TABLE_ENTRIES);
    MUST(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(freeing)));
}

static void change_blocks(void)
{
    xen_pfn_t blocks[3];
    struct xen_memory_reservation r = frames_of(blocks, 3, BLOCK_ORDER);

    for (unsigned i = 0; i < 3; i++)
        blocks[i] = pfns[i * BLOCK];
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == 3);
    REQUIRE(memory_op(XENMEM_decrease_reservation, &r) == 3);
}

static xen_pfn_t pieces[EXCHANGES];

static void prepare_exchange(void)
{
    struct xen_memory_reservation r = frames_of(pieces, EXCHANGES, EXCHANGE_ORDER);

    for (unsigned i = 0; i < EXCHANGES; i++)
        pieces[i] = pfns[i << EXCHANGE_ORDER];
    REQUIRE(memory_op(XENMEM_populate_physmap, &r) == EXCHANGES);
}

/* `in_order` of what is in `in` for what `out` then has, a block's frames in all. */
static void exchange(xen_pfn_t *in, unsigned in_order, xen_pfn_t *out, unsigned out_order)
{
    struct xen_memory_exchange e = {
        .in = frames_of(in, BLOCK >> in_order, in_order),
        .out = frames_of(out, BLOCK >> out_order, out_order),
    };

    MUST(memory_op(XENMEM_exchange, &e));
}

static void exchange_pieces(void)
{
    static xen_pfn_t frames[BLOCK];

    memcpy(frames, pfns, sizeof(frames));
    exchange(pieces, EXCHANGE_ORDER, frames, 0);
    for (unsigned i = 0; i < EXCHANGES; i++)
        pieces[i] = pfns[i << EXCHANGE_ORDER];
    exchange(frames, 0, pieces, EXCHANGE_ORDER);
}

/* It grows once only: not before the other one watches. */
static void setup_grants(void)
{
    static xen_pfn_t frames[64];
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 64};
    static unsigned before;

    if (before++ < 8)
        return work();
    set_xen_guest_handle(setup.frame_list, frames);
    MUST(grant_table_op(GNTTABOP_setup_table, &setup, 1));
    MUST(setup.status);
}

static void copy_grants(void)
{
    static struct gnttab_copy ops[GRANT_OPS];

    for (unsigned i = 0; i < GRANT_OPS; i++) {
        ops[i] = (struct gnttab_copy){.len = PAGE_SIZE};
        ops[i].source.domid = ops[i].dest.domid = DOMID_SELF;
        ops[i].source.u.gmfn = data[0];
        ops[i].dest.u.gmfn = data[1];
    }
    MUST(grant_table_op(GNTTABOP_copy, ops, GRANT_OPS));
}

static grant_ref_t granted;

static void prepare_grants(void)
{
    granted = grant_give(BESIDE_DOMAIN, data[0], 0);
}

/* All handles, and all back: with the last one their pages go. */
static void map_grants(void)
{
    static struct gnttab_map_grant_ref maps[HANDLES];
    static struct gnttab_unmap_grant_ref unmaps[HANDLES];

    for (unsigned i = 0; i < HANDLES; i++)
        maps[i] = (struct gnttab_map_grant_ref){
            .flags = GNTMAP_device_map, .ref = granted, .dom = BESIDE_DOMAIN};
    MUST(grant_table_op(GNTTABOP_map_grant_ref, maps, HANDLES));
    for (unsigned i = 0; i < HANDLES; i++) {
        CHECK(!maps[i].status);
        unmaps[i] = (struct gnttab_unmap_grant_ref){.dev_bus_addr = maps[i].dev_bus_addr,
                                                    .handle = maps[i].handle};
    }
    MUST(grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, HANDLES));
}

static void fill_ports(void)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = 0};

    while (!event_channel_op(EVTCHNOP_alloc_unbound, &alloc))
        continue;
}

static void want_port(void)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = 0};

    CHECK(event_channel_op(EVTCHNOP_alloc_unbound, &alloc) < 0);
}

static void reset_ports(void)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    MUST(event_channel_op(EVTCHNOP_reset, &reset));
}

static void reset_full(void)
{
    fill_ports();
    reset_ports();
}

static void poll_many(void)
{
    static evtchn_port_t ports[128];
    struct sched_poll poll = {.nr_ports = 128, .timeout = 1};

    set_xen_guest_handle(poll.ports, ports);
    sched_op(SCHEDOP_poll, &poll);
}

static xen_pfn_t gdts[2][GDT_FRAMES];

static uint64_t *descriptors_make(void)
{
    uint64_t *page = page_alloc();

    for (unsigned i = 0; i < PAGE_SIZE / sizeof(*page); i++)
        page[i] = DATA_SEGMENT;
    page_make_readonly(page);
    return page;
}

static void prepare_gdt(void)
{
    for (unsigned i = 0; i < 2 * GDT_FRAMES; i++)
        gdts[i / GDT_FRAMES][i % GDT_FRAMES] = va_to_mfn(descriptors_make());
}

/* Pages that have been written to are checked anew. */
static void change_gdt(void)
{
    for (unsigned i = 0; i < 2 * GDT_FRAMES; i++) {
        xen_pfn_t *list_of = gdts[i / GDT_FRAMES];
        uint64_t *page = mfn_to_va(list_of[i % GDT_FRAMES]);

        MUST(page_protect(page, PAGE_RW));
        page[0] = DATA_SEGMENT;
        page_make_readonly(page);
        if (i % GDT_FRAMES == GDT_FRAMES - 1)
            MUST(set_gdt(list_of, GDT_FRAMES * 512));
    }
}

static void prepare_ldt(void)
{
    for (unsigned i = 0; i < LDT_PAGES; i++)
        MUST(map_at(FREE_BASE + i * PAGE_SIZE, va_to_mfn(descriptors_make()), PAGE_RO));
}

static void use_ldt(void)
{
    struct mmuext_op op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = FREE_BASE};

    op.arg2.nr_ents = LDT_PAGES * 512;
    MUST(mmuext_op(&op, 1, NULL, DOMID_SELF));
    for (unsigned i = 0; i < LDT_PAGES; i++) {
        unsigned rights = 0;

        asm volatile("lar %1, %0" : "+r"(rights) : "r"(i * 4096 + 7) : "cc");
        CHECK(rights);
    }
}

static void prepare_batch(void)
{
    for (unsigned i = 0; i < CALLS; i++) {
        calls[i].op = __HYPERVISOR_set_gdt;
        calls[i].args[0] = (unsigned long)gdts[i % 2];
        calls[i].args[1] = GDT_FRAMES * 512;
    }
}

static void batch(void)
{
    MUST(multicall(calls, CALLS));
}

static void write_console(void)
{
    static char lines[0x10000];

    memset(lines, '\n', sizeof(lines));
    for (unsigned i = 0; i < sizeof(lines); i += 2)
        lines[i] = '.';
    console_io(CONSOLEIO_write, sizeof(lines), lines);
}

static void set_traps(void)
{
    static struct trap_info table[UPDATES + 1];

    for (unsigned i = 0; i < UPDATES; i++)
        table[i] = (struct trap_info){
            .vector = 0x40, .cs = FLAT_KERNEL_CS, .address = (unsigned long)set_traps};
    MUST(set_trap_table(table));
}

static void store(void)
{
    volatile pte_t *leaf = entry_of(FREE_BASE + LEVEL_SPAN(2) - PAGE_SIZE, 1);

    for (unsigned i = 0; i < 500; i++)
        *leaf = pte_make(data[i % 7], i % 2 ? PAGE_RO : PAGE_RW);
}

static void read_ports(void)
{
    static char bytes[0x10000];
    struct physdev_set_iopl set = {.iopl = 3};
    void *to = bytes;
    unsigned long count = sizeof(bytes);

    MUST(physdev_op(PHYSDEVOP_set_iopl, &set));
    asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(NO_PORT) : "memory");
}

static void change_descriptor(void)
{
    for (unsigned i = 0; i < 500; i++)
        MUST(update_descriptor((maddr_t)data[0] << PAGE_SHIFT, DATA_SEGMENT));
}

static void begin_vcpus(void)
{
    static struct vcpu_guest_context context;
    struct vcpu_runstate_info runstate;

    vcpu_context(&context, 1, NULL);
    vcpu_op(VCPUOP_initialise, 1, &context);
    vcpu_op(VCPUOP_get_runstate_info, 1, &runstate);
    vcpu_op(VCPUOP_down, 1, NULL);
}

static const struct delay_kind kinds[] = {
    {"no call", NULL, work, 0},
    {"tables pinned and unpinned", NULL, pin_tree, 0},
    {"a table refused at its end", NULL, pin_broken, 0},
    {"pins in a batch", prepare_pins, operate, 0},
    {"copied pages in a batch", prepare_copies, operate, 0},
    {"flushes in a batch", prepare_flushes, operate, 0},
    {"updates of leaves", prepare_leaves, update, 0},
    {"updates that exchange tables", prepare_swaps, update, 0},
    {"frames given back and taken", prepare_frames, change_frames, 0},
    {"frames freed by their table", NULL, free_by_table, 0},
    {"blocks of 2 MiB", NULL, change_blocks, 0},
    {"exchanges of 256 KiB", prepare_exchange, exchange_pieces, 0},
    {"grant table at its largest", NULL, setup_grants, 0},
    {"granted pages copied", NULL, copy_grants, 0},
    {"grants mapped and unmapped", prepare_grants, map_grants, 0},
    {"no port free", fill_ports, want_port, 0},
    {"ports opened and reset", NULL, reset_full, 0},
    {"reset of closed ports", NULL, reset_ports, 0},
    {"poll of many ports", NULL, poll_many, 0},
    {"descriptor table", prepare_gdt, change_gdt, 0},
    {"local descriptor table", prepare_ldt, use_ldt, 0},
    {"batch of descriptor tables", prepare_batch, batch, 0},
    {"descriptors", NULL, change_descriptor, 0},
    {"console", NULL, write_console, 0},
    {"trap table", NULL, set_traps, 0},
    {"emulated stores", NULL, store, 0},
    {"string input", NULL, read_ports, 0},
    {"another vCPU's registers", NULL, begin_vcpus, 0},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

void test(void)
{
    if (is_beside()) {
        make_tables();
        delay_cause(kinds, KINDS);
        return;
    }
    delay_watch(KINDS);
    beside_wait(20 * SECOND);
    delay_check(kinds, KINDS, MOST_LATE);
}
