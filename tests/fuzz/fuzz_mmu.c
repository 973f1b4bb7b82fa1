/* sources: @memory hypervisor/memory/exchange.c hypervisor/memory/memory_op_reservation.c */
/*
 * Two domains, each with a vCPU on a CPU of its own, do what the input says to a dozen frames each,
 * with preemption anywhere. After every step the oracle recounts all references and the TLB model
 * looks for stale translations that matter. In the end the domains die and must leave nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/assert.h"
#include "lib/errno.h"
#include "machine.h"
#include "memory/allocator.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/oracle.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/reservation.h"
#include "memory/root.h"
#include "x86/current.h"

#define POOL 12u
#define MAX_STEPS 200u

struct input {
    const uint8_t *at, *end;
};

static mfn_t pool[2][POOL];

/* The other domain's grants that each domain has mapped. As in grant/map.c a mapping has references
 * of its own until it ends, whatever the domain does to the entry meanwhile: a domain without
 * privileges flushes only then. */
static struct grant {
    mfn_t m;
    bool in_use, writes;
} grants[2][4];

static unsigned take(struct input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

/* A few places where the rules differ, so that inputs meet each other. */
static unsigned take_index(struct input *in)
{
    static const uint16_t indices[] = {0, 1, 2, 3, 255, 256, 271, 272, 510, 511};

    return indices[take(in) % ARRAY_SIZE(indices)];
}

/* A frame of this domain, of the other, Ringfort's, a device's, or nonsense. */
static mfn_t take_frame(struct input *in, unsigned self)
{
    unsigned n = take(in);

    if (n < 200)
        return pool[self][n % POOL];
    if (n < 230)
        return pool[!self][n % POOL];
    if (n < 240)
        return mfn(n % FIRST_DOMAIN_FRAME);
    if (n < 250)
        return mfn(DEVICE_FRAME + n % 4);
    return mfn(UINT64_C(0xffffffffff) >> (n % 8));
}

static uint64_t take_entry(struct input *in, unsigned self)
{
    static const uint64_t flags[] = {
        0,
        PTE_PRESENT,
        PTE_PRESENT | PTE_WRITE,
        PTE_PRESENT | PTE_WRITE | PTE_USER,
        PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY,
        PTE_PRESENT | PTE_WRITE | PTE_LARGE,
        PTE_PRESENT | PTE_WRITE | PTE_GLOBAL | PTE_KERNEL,
        PTE_PRESENT | PTE_NX | PTE_AVAIL,
    };
    unsigned n = take(in);
    mfn_t m = take_frame(in, self);

    return m.n > PTE_FRAME >> PAGE_SHIFT ? PTE_PRESENT : pte_make(m, flags[n % ARRAY_SIZE(flags)]);
}

/* The call that was to be repeated, per vCPU; the guest may forget about it. */
static struct restart waiting[2];

static void repeat(unsigned self)
{
    struct restart r = waiting[self];

    waiting[self].called = false;
    if (!r.called)
        return;
    switch (r.op) {
    case __HYPERVISOR_mmu_update:
        do_mmu_update(r.args[0], r.args[1], r.args[2], r.args[3]);
        break;
    case __HYPERVISOR_mmuext_op:
        do_mmuext_op(r.args[0], r.args[1], r.args[2], r.args[3]);
        break;
    case __HYPERVISOR_update_va_mapping:
        do_update_va_mapping(r.args[0], r.args[1], r.args[2]);
        break;
    }
}

static void step_mmu_update(struct input *in, unsigned self)
{
    static struct mmu_update list[2][3];
    static uint32_t done;
    unsigned n = take(in), count = 1 + n % 3;
    unsigned foreign = n & 64 ? (n & 128 ? DOMID_IO : !self) : DOMID_SELF;

    for (unsigned i = 0; i < count; i++) {
        mfn_t m = take_frame(in, self);

        list[self][i].ptr = (mfn_maddr(m).a + take_index(in) * 8) | (n >> 2 & 3);
        list[self][i].val = take_entry(in, self);
    }
    if (n & 32)
        foreign |= (!self + 1) << 16;
    do_mmu_update((uint64_t)list[self], count, (uint64_t)&done, foreign);
}

static void step_mmuext(struct input *in, unsigned self)
{
    static const uint8_t cmds[] = {
        MMUEXT_PIN_L1_TABLE,     MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,    MMUEXT_PIN_L4_TABLE,
        MMUEXT_PIN_L4_TABLE,     MMUEXT_UNPIN_TABLE,  MMUEXT_UNPIN_TABLE,     MMUEXT_NEW_BASEPTR,
        MMUEXT_NEW_USER_BASEPTR, MMUEXT_CLEAR_PAGE,   MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_TLB_FLUSH_ALL,
    };
    static struct mmuext_op list[2][2];
    unsigned n = take(in), count = 1 + (n & 1);

    for (unsigned i = 0; i < count; i++)
        list[self][i] = (struct mmuext_op){.cmd = cmds[take(in) % ARRAY_SIZE(cmds)],
                                           .arg1.mfn = take_frame(in, self).n};
    do_mmuext_op((uint64_t)list[self], count, 0, n & 128 ? !self : (unsigned)DOMID_SELF);
}

/* A store by the guest to its own data: to what it could map writable. */
static void step_write(struct input *in, unsigned self)
{
    mfn_t m = pool[self][take(in) % POOL];
    unsigned index = take_index(in);
    uint64_t value = take_entry(in, self);
    struct frame *f = frame_of(m);

    if (f->owner != machine_domain(self) || f->type & TYPE_PARTIAL)
        return;
    if (f->type & TYPE_COUNT && key_type(f->type) != FRAME_WRITABLE)
        return;
    if (frame_get_typed(f, machine_domain(self), FRAME_WRITABLE))
        return;
    ((uint64_t *)mfn_to_virt(m))[index] = value;
    frame_put_typed(f);
}

static uint64_t take_va(struct input *in)
{
    uint64_t va = 0;

    for (unsigned level = 4; level; level--)
        va |= (uint64_t)take_index(in) << (3 + 9 * level);
    return (uint64_t)((int64_t)(va << 16) >> 16);
}

/* One that is mapped that way; or, with INVALID_MFN, a place for one more. NULL: none. */
static struct grant *find_grant(unsigned self, mfn_t m, bool writes)
{
    for (struct grant *g = grants[self]; g < grants[self] + ARRAY_SIZE(grants[self]); g++)
        if (g->in_use ? mfn_eq(g->m, m) && g->writes == writes : mfn_eq(m, INVALID_MFN))
            return g;
    return NULL;
}

static void end_grant(struct grant *g)
{
    if (g->writes)
        frame_put_typed(frame_of(g->m));
    else
        frame_put(frame_of(g->m));
    g->in_use = false;
}

static void map_grant(unsigned self, uint64_t va, mfn_t m, bool writes)
{
    struct domain *granter = machine_domain(!self);
    struct grant *g = find_grant(self, INVALID_MFN, writes);

    if (!g || (writes ? frame_get_typed(frame_of(m), granter, FRAME_WRITABLE)
                      : !frame_get(frame_of(m), granter)))
        return;
    *g = (struct grant){.m = m, .in_use = true, .writes = writes};
    if (mmu_map_grant_va(va, m, writes, 0))
        end_grant(g);
}

static void unmap_grant(unsigned self, uint64_t va, mfn_t m, bool writes, uint64_t replacement_va)
{
    struct grant *g = find_grant(self, m, writes);

    if (g && mmu_unmap_grant_va(va, m, writes, replacement_va) == 0)
        end_grant(g);
}

static void step_by_address(struct input *in, unsigned self)
{
    uint64_t va = take_va(in);
    unsigned n = take(in);
    mfn_t m = pool[!self][n % POOL];

    if (n & 128)
        do_update_va_mapping(va, take_entry(in, self), UVMF_INVLPG | UVMF_LOCAL);
    else if (n & 64)
        map_grant(self, va, m, n & 32);
    else
        unmap_grant(self, va, m, n & 32, n & 16 ? take_va(in) : 0);
}

unsigned exchange_order_max(void)
{
    return 0;
}

/* Below 8 KiB there is no frame for anybody: such an exchange fails when its frame is detached. */
unsigned extent_address_bits(const struct domain *d, unsigned flags)
{
    return flags ? PAGE_SHIFT + 1 : 0;
}

void domain_crash(struct domain *d, const char *why, ...)
{
    panic("domain %u would be ended", d->id);
}

/* A frame for another; or it becomes the other domain's. */
static void step_exchange(unsigned n, unsigned self, bool fails)
{
    static xen_pfn_t from, to;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
    struct xen_memory_exchange x = {.in = r, .out = r};

    from = pool[self][n].n;
    to = n;
    x.in.extent_start.p = &from;
    x.out.extent_start.p = &to;
    x.out.mem_flags = fails;
    if (memory_exchange((uint64_t)&x) == 0)
        pool[self][n] = mfn(to);
}

static void step_transfer(unsigned n, unsigned self)
{
    struct frame *f = frame_of(pool[self][n]);

    if (!domain_detach_frame(machine_domain(self), f))
        return;
    if (domain_attach_frame(machine_domain(!self), f))
        panic("frame %lx cannot be attached", pool[self][n].n);
    pool[!self][n] = pool[self][n];
}

static void step_reservation(struct input *in, unsigned self)
{
    unsigned how = take(in), n = how % POOL;
    struct domain *d = machine_domain(self);
    struct frame *f = frame_of(pool[self][n]);
    mfn_t fresh;

    if (how >= 240)
        step_transfer(n, self);
    else if (how >= 128)
        step_exchange(n, self, how & 1);
    if (how >= 128 || !frame_get(f, d))
        return;
    if (domain_release_frame(f)) {
        fresh = machine_frame(d);
        if (mfn_valid(fresh))
            pool[self][n] = fresh;
    }
    frame_put(f);
}

static void step_gdt(struct input *in, unsigned self)
{
    uint64_t frame = pool[self][take(in) % POOL].n;

    do_set_gdt((uint64_t)&frame, take(in) & 1 ? 512 : 0);
}

static void step(struct input *in)
{
    unsigned n = take(in), self = n & 1;

    machine_run(self);
    last_restart.called = false;
    machine_preempt_after(n >> 5);
    switch (n >> 1 & 15) {
    case 0 ... 3:
        step_mmu_update(in, self);
        break;
    case 4 ... 6:
        step_mmuext(in, self);
        break;
    case 7 ... 9:
        step_write(in, self);
        break;
    case 10:
        step_by_address(in, self);
        break;
    case 11:
        step_reservation(in, self);
        break;
    case 12:
        step_gdt(in, self);
        break;
    case 13:
        mmu_drain_dying(current);
        break;
    default:
        repeat(self);
    }
    machine_preempt_after(0);
    if (last_restart.called)
        waiting[self] = last_restart;
}

static void find_grants(void)
{
    for (unsigned id = 0; id < 2; id++)
        for (struct grant *g = grants[id]; g < grants[id] + ARRAY_SIZE(grants[id]); g++)
            if (g->in_use)
                oracle_found(g->m, g->writes);
}

static void check(void)
{
    memory_oracle();
    machine_tlb_check();
    machine_tlb_fill();
    machine_tlb_check();
}

/* The order of domain_kill(), preempted at each opportunity. */
static void die(unsigned id)
{
    struct domain *d = machine_domain(id);
    struct vcpu *v = d->vcpus[0];

    machine_run(!id);
    d->state = DOMAIN_DYING;
    machine_preempt_always(true);
    for (struct grant *g = grants[id]; g < grants[id] + ARRAY_SIZE(grants[id]); g++)
        if (g->in_use)
            end_grant(g);
    while (vcpu_drop_roots(v))
        check();
    vcpu_drop_gdt(v);
    vcpu_drop_ldt(v);
    while (memory_teardown(d))
        check();
    while (mmu_drain_dying(current))
        check();
    machine_preempt_always(false);
    check();
}

/* A start from which everything is a few steps away: each domain runs on a root of its own. */
static void build_tree(unsigned id)
{
    mfn_t *p = pool[id];

    for (unsigned level = 0; level < 3; level++)
        for (unsigned i = 0; i < 2; i++)
            ((uint64_t *)mfn_to_virt(p[level]))[i] =
                pte_make(p[level + 1 + 3 * i * (level == 2)], PTE_PRESENT | PTE_WRITE | PTE_USER);
    for (unsigned i = 0; i < 4; i++)
        ((uint64_t *)mfn_to_virt(p[3]))[i] =
            pte_make(p[3 + i], i ? PTE_PRESENT | PTE_WRITE : PTE_PRESENT);
    ((uint64_t *)mfn_to_virt(p[3]))[3] &= ~PTE_WRITE;
    machine_run(id);
    if (mmu_new_baseptr(p[0]))
        panic("the first tables are refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    uint64_t before;

    machine_reset();
    before = frames_free();
    memset(waiting, 0, sizeof(waiting));
    memset(grants, 0, sizeof(grants));
    machine_holders = find_grants;
    for (unsigned d = 0; d < 2; d++)
        for (unsigned i = 0; i < POOL; i++)
            pool[d][i] = machine_frame(machine_domain(d));
    if (take(&in) & 1)
        for (unsigned d = 0; d < 2; d++)
            build_tree(d);
    check();
    for (unsigned i = 0; i < MAX_STEPS && in.at < in.end; i++) {
        step(&in);
        check();
    }
    die(1);
    die(0);
    if (frames_free() != before || machine_domain(0)->refs != 1 || machine_domain(1)->refs != 1)
        panic("%u frames lost", (unsigned)(before - frames_free()));
    return 0;
}
