/* Calls about page tables, frames and grants' mappings. */
#include "random.h"

#include "beside.h"

char *play_pages[PAGES];
pte_t *play_tables[ROOT_LEVEL];
mfn_t spare_frames[SPARES];

void tables_make(void)
{
    tables_for(FREE_BASE);
    for (unsigned level = 1; level < ROOT_LEVEL; level++)
        play_tables[level] = mfn_to_va(pte_mfn(*entry_of(FREE_BASE, level + 1)));
    for (unsigned i = 0; i < PAGES; i++)
        play_pages[i] = page_alloc();
}

void spares_make(void)
{
    for (unsigned i = 0; i < SPARES; i++)
        spare_frames[i] = pfn_to_mfn(start_info->nr_pages - 1 - i);
}

bool is_private(mfn_t mfn)
{
    for (unsigned i = 0; i < PRIVATE_PAGES; i++)
        if (va_to_mfn(play_pages[i]) == mfn)
            return true;
    return false;
}

/* The address of an entry: of a table in the tree, or in one of the pages. */
static maddr_t some_entry_address(void)
{
    char *where = one_in(4) ? play_pages[below(PAGES)]
                            : (char *)&play_tables[1 + below(ROOT_LEVEL - 1)][PLAY_FIRST];

    return va_to_maddr(where) + 8 * below(PLAY_ENTRIES);
}

/* Domain0 writes to a page of the domain beside it only if that was set aside: calls may write
 * their results through what is mapped. */
static pte_t some_foreign_entry(void)
{
    pte_t entry = some_entry();

    if (!one_in(4))
        entry = (entry & ~PTE_FRAME) | (pte_t)some_target() << PAGE_SHIFT;
    return is_target(pte_mfn(entry)) ? entry : entry & ~PTE_RW;
}

static struct mmu_update some_update(bool in_target, bool of_beside)
{
    static const unsigned commands[] = {MMU_NORMAL_PT_UPDATE, MMU_NORMAL_PT_UPDATE,
                                        MMU_PT_UPDATE_PRESERVE_AD, MMU_MACHPHYS_UPDATE};
    unsigned command = commands[below(4)];
    struct mmu_update update = {.val = of_beside ? some_foreign_entry() : some_entry()};

    if (command == MMU_MACHPHYS_UPDATE)
        return (struct mmu_update){(maddr_t)spare_frames[below(SPARES)] << PAGE_SHIFT | command,
                                   any()};
    update.ptr = (in_target ? ((maddr_t)some_target() << PAGE_SHIFT) + 8 * below(PLAY_ENTRIES)
                            : some_entry_address()) |
                 command;
    return update;
}

/* Of Domain0's, a few change tables in targets, and map pages of either domain there. */
static void make_updates(struct call *call)
{
    unsigned count = 1 + below(8), domain = one_in(10) ? some_domain() : DOMID_SELF;
    bool in_target = !is_beside() && one_in(12), of_beside;
    struct mmu_update *list = some_room(count * sizeof(*list));

    if (!is_beside() && one_in(12))
        domain = BESIDE_DOMAIN;
    of_beside = domain == BESIDE_DOMAIN && !is_beside();
    if (in_target)
        domain |= (BESIDE_DOMAIN + 1) << 16;
    for (unsigned i = 0; i < count && is_room(list); i++)
        list[i] = some_update(in_target, of_beside);
    *call = (struct call){__HYPERVISOR_mmu_update,
                          {(unsigned long)list, one_in(30) ? (unsigned)some_number() : count,
                           one_in(4) ? (unsigned long)some_room(4) : 0, domain}};
    /* Beyond its list a call would take what an earlier step left there: harmless, but not its. */
    if (is_room(list) && call->args[1] > count)
        call->args[1] = count;
}

/* Not the root that the guest runs on: another would lack the guest. What writes to a page leaves
 * those alone that the guest shares with Ringfort. */
static struct mmuext_op some_extended(bool of_beside)
{
    static const unsigned commands[] = {
        MMUEXT_PIN_L1_TABLE,    MMUEXT_PIN_L2_TABLE,    MMUEXT_PIN_L3_TABLE,
        MMUEXT_PIN_L4_TABLE,    MMUEXT_UNPIN_TABLE,     MMUEXT_UNPIN_TABLE,
        MMUEXT_UNPIN_TABLE,     MMUEXT_CLEAR_PAGE,      MMUEXT_COPY_PAGE,
        MMUEXT_SET_LDT,         MMUEXT_TLB_FLUSH_ALL,   MMUEXT_NEW_USER_BASEPTR,
        MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_TLB_FLUSH_MULTI, MMUEXT_INVLPG_MULTI,
        MMUEXT_INVLPG_LOCAL,    MMUEXT_FLUSH_CACHE,     MMUEXT_MARK_SUPER,
        MMUEXT_PIN_L1_TABLE,    MMUEXT_PIN_L2_TABLE};
    struct mmuext_op op = {.cmd = one_in(20) ? 100 + below(1000)
                                             : commands[below(ARRAY_SIZE(commands))]};
    bool writes = op.cmd == MMUEXT_CLEAR_PAGE || op.cmd == MMUEXT_COPY_PAGE;

    op.arg1.mfn = writes ? some_page_mfn() : some_mfn();
    op.arg2.src_mfn = some_mfn();
    if (of_beside && (writes || !one_in(8))) {
        op.arg1.mfn = some_target();
        op.arg2.src_mfn = some_target();
    }
    if (op.cmd == MMUEXT_SET_LDT || op.cmd == MMUEXT_INVLPG_LOCAL || op.cmd == MMUEXT_INVLPG_MULTI)
        op.arg1.linear_addr = some_va();
    if (op.cmd == MMUEXT_SET_LDT)
        op.arg2.nr_ents = one_in(8) ? (unsigned)some_number() : below(513);
    return op;
}

static void make_extended(struct call *call)
{
    unsigned count = 1 + below(4), domain = one_in(10) ? some_domain() : DOMID_SELF;
    struct mmuext_op *list = some_room(count * sizeof(*list));

    if (!is_beside() && one_in(12))
        domain = BESIDE_DOMAIN;
    for (unsigned i = 0; i < count && is_room(list); i++)
        list[i] = some_extended(domain == BESIDE_DOMAIN && !is_beside());
    *call = (struct call){
        __HYPERVISOR_mmuext_op,
        {(unsigned long)list, count, one_in(4) ? (unsigned long)some_room(4) : 0, domain}};
}

static void make_mapping(struct call *call)
{
    pte_t entry = some_entry();
    unsigned long flags = below(5) | (one_in(4) ? (unsigned long)some_room(8) : 0);

    if (!is_beside() && one_in(8)) {
        entry = some_foreign_entry();
        *call = (struct call){__HYPERVISOR_update_va_mapping_otherdomain,
                              {some_va(), PTE_ARGUMENT(entry), flags, BESIDE_DOMAIN}};
        return;
    }
    *call = (struct call){__HYPERVISOR_update_va_mapping, {some_va(), PTE_ARGUMENT(entry), flags}};
}

/* Both for one domain only, and with its own frames; there is no list of whose frames went. */
static void make_reservation(struct call *call)
{
    static const unsigned ops[] = {XENMEM_decrease_reservation, XENMEM_populate_physmap,
                                   XENMEM_increase_reservation};
    struct xen_memory_reservation *r = some_room(sizeof(*r));
    xen_pfn_t *list = some_room(4 * sizeof(*list));
    unsigned long op = ops[below(3)];

    if (is_room(list))
        for (unsigned i = 0; i < 4; i++)
            list[i] = op == XENMEM_decrease_reservation ? spare_frames[below(SPARES)]
                                                        : start_info->nr_pages - 1 - below(SPARES);
    if (is_room(r)) {
        *r = (struct xen_memory_reservation){.nr_extents = 1 + below(4), .domid = DOMID_SELF};
        set_xen_guest_handle(r->extent_start, list);
        if (one_in(8))
            r->extent_order = below(12);
        if (one_in(8))
            r->mem_flags = (unsigned)some_number();
        if (one_in(20))
            r->domid = (domid_t)some_domain();
    }
    if (one_in(10))
        op |= (unsigned long)some_number() << 6;
    *call = (struct call){__HYPERVISOR_memory_op, {op, (unsigned long)r}};
}

static void make_exchange(struct call *call)
{
    struct xen_memory_exchange *e = some_room(sizeof(*e));
    xen_pfn_t *in = some_room(8 * sizeof(*in)), *out = some_room(8 * sizeof(*out));
    unsigned order = below(3);

    if (is_room(in))
        for (unsigned i = 0; i < 8; i++) {
            in[i] = one_in(10) ? some_mfn() : spare_frames[below(SPARES)];
            if (is_private(in[i]))
                in[i] = hypervisor_mfn();
        }
    if (is_room(e)) {
        *e = (struct xen_memory_exchange){
            .in = {.nr_extents = 1UL << order, .domid = DOMID_SELF},
            .out = {.nr_extents = 1, .extent_order = order, .domid = DOMID_SELF}};
        set_xen_guest_handle(e->in.extent_start, in);
        set_xen_guest_handle(e->out.extent_start, out);
        if (one_in(4))
            e->nr_exchanged = (xen_ulong_t)some_number();
        if (one_in(6))
            e->in.nr_extents = (xen_ulong_t)some_number();
        if (one_in(8))
            e->out.mem_flags = XENMEMF_address_bits(below(64));
    }
    *call = (struct call){__HYPERVISOR_memory_op, {XENMEM_exchange, (unsigned long)e}};
}

void call_make_memory(struct call *call)
{
    switch (below(12)) {
    case 0 ... 4:
        make_updates(call);
        return;
    case 5 ... 7:
        make_extended(call);
        return;
    case 8 ... 9:
        make_mapping(call);
        return;
    case 10:
        make_reservation(call);
        return;
    default:
        make_exchange(call);
    }
}

void vcpu_end(void)
{
    struct mmuext_op no_ldt = {.cmd = MMUEXT_SET_LDT};

    set_gdt(NULL, 0);
    mmuext_op(&no_ldt, 1, NULL, DOMID_SELF);
    mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, 0);
}

/* The tree at FREE_BASE but for its own branch. Entries outside those to play with were reached,
 * too: by way of a table that another of the tree's entries names. */
static void tree_clear(void)
{
    for (unsigned level = ROOT_LEVEL - 1; level >= 1; level--)
        for (unsigned i = level > 1; i < TABLE_ENTRIES; i++)
            if (play_tables[level][i])
                CHECK_EQ(entry_write(&play_tables[level][i], 0), 0);
}

/* For a while another answer than 0 means that Domain0 still maps a page of the domain beside it.
 */
static long exchange_alone(mfn_t mfn)
{
    uint64_t limit = now() + (is_beside() ? PATIENCE : 0);
    long result;

    while ((result = frame_exchange(mfn)) != 0 && now() < limit)
        sleep_for(10 * MILLISECOND);
    /* Ringfort prints ten lines a second of a guest's: the check's shall be among them. */
    if (result && is_beside())
        sleep_for(SECOND);
    return result;
}

void play_end(void)
{
    targets_end();
    tree_clear();
    for (unsigned i = 0; i < PAGES; i++)
        page_protect(play_pages[i], 0);
    /* Tables stay pinned after they were given back, and frames that came instead can be pinned
     * without the guest's knowledge whose they were: all there are. The root is in use anyway. */
    for (mfn_t mfn = 0; mfn < RAM_FRAMES; mfn++)
        mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn);
    for (unsigned i = 0; i < PRIVATE_PAGES; i++)
        CHECK_EQ(exchange_alone(va_to_mfn(play_pages[i])), 0);
}
