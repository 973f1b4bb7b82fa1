/* See machine.h. What memory/ calls outside itself is here, in the plainest form. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "grant/grant.h"
#include "hypercall/hypercall.h"
#include "lib/alloc.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"
#include "memory/guest_copy.h"
#include "memory/hypmap.h"
#include "memory/mapping.h"
#include "memory/mmu.h"
#include "memory/page_type.h"
#include "memory/pte.h"
#include "memory/root.h"
#include "memory/tlb.h"
#include "memory/validate.h"
#include "schedule/schedule.h"
#include "x86/current.h"
#include "x86/desc.h"
#include "x86/entry.h"
#include "x86/irq.h"
#include "x86/smp.h"

unsigned char *host_memory;
void *host_frame_table;
uint64_t *host_m2p;
uint32_t *host_compat_m2p;
struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;

enum root_mode root_mode = ROOT_GLOBAL;
static uint64_t hv_root_page[512];
uint64_t *hv_root = hv_root_page;
cpumask_t cpus_online;
struct list domain_list;
struct domain *domain0, *dom_io, *dom_xen;
struct restart last_restart;
unsigned machine_flushes, machine_page_flushes, machine_cache_flushes, machine_page_faults;
unsigned machine_root_loads;
const void *machine_unreadable;
bool machine_flat_code;

void (*machine_holders)(void);

static struct domain domains[2], io_domain, xen_domain;
static struct vcpu vcpus[2];
static struct vcpu *vcpu_table[2];
static unsigned preempt_in;
static bool preempt_each;
static unsigned clears_left;
static void (*at_clear)(void);
static bool draining; /* pages are taken only to empty the allocator */

/* TLB model: per CPU and frame, whether a stale translation might exist. */
static bool cached_writable[MACHINE_CPUS][MACHINE_FRAMES];
static bool cached_table[MACHINE_CPUS][MACHINE_FRAMES];
static uint64_t flush_clock = 1, flushed_at[MACHINE_CPUS];

static void domain_setup(struct domain *d, domid_t id)
{
    memset(d, 0, sizeof(*d));
    d->id = id;
    d->refs = 1;
    d->address_bits = 64;
    d->max_pages = MACHINE_FRAMES;
    d->compat_hole_start = COMPAT_HOLE_DEFAULT;
    spin_init(&d->lock, LOCK_DOMAIN);
    spin_init(&d->paging_lock, LOCK_PAGING);
    spin_init(&d->pages_lock, LOCK_DOMAIN_PAGES);
    spin_init(&d->log_lock, LOCK_DIRTY_LOG);
    list_init(&d->all);
    list_init(&d->pages);
    list_init(&d->shared_pages);
    list_init(&d->teardown);
}

static void vcpu_setup(unsigned id)
{
    struct vcpu *v = &vcpus[id];

    memset(v, 0, sizeof(*v));
    v->domain = &domains[id];
    v->arch.in_kernel = true;
    v->memory.kernel_root = v->memory.user_root = v->memory.dying_table = INVALID_MFN;
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.gdt_frames); i++)
        v->arch.gdt_frames[i] = INVALID_MFN;
    for (unsigned i = 0; i < ARRAY_SIZE(v->arch.ldt_frames); i++)
        v->arch.ldt_frames[i] = INVALID_MFN;
    v->sched.cpu = id;
    v->sched.is_running = true;
    vcpu_table[id] = v;
    domains[id].vcpus = &vcpu_table[id];
    domains[id].max_vcpus = 1;
}

/* The allocator keeps its lists in static variables: hand everything back before a new machine. */
static void memory_setup(void)
{
    static bool done;

    if (!done) {
        host_memory = aligned_alloc(PAGE_SIZE, MACHINE_FRAMES * PAGE_SIZE);
        host_frame_table = calloc(MACHINE_FRAMES, sizeof(struct frame));
        host_m2p = calloc(MACHINE_FRAMES, sizeof(uint64_t));
        host_compat_m2p = calloc(MACHINE_FRAMES, sizeof(uint32_t));
        memset(host_memory, 0xcc, MACHINE_FRAMES * PAGE_SIZE);
        frame_table_add_ram(mfn(0), mfn(MACHINE_FRAMES));
        allocator_add(mfn(FIRST_DOMAIN_FRAME), mfn(MACHINE_FRAMES));
        done = true;
        return;
    }
    draining = true;
    while (page_alloc(0))
        ;
    draining = false;
    for (unsigned n = 0; n < MACHINE_FRAMES; n++) {
        struct frame *f = frame_of(mfn(n));

        *f = (struct frame){.count = COUNT_RAM};
        list_init(&f->link);
    }
    for (unsigned n = FIRST_DOMAIN_FRAME; n < MACHINE_FRAMES; n++)
        page_free(mfn_to_virt(mfn(n)), 0);
}

void machine_reset(void)
{
    for (unsigned i = 0; i < 2; i++)
        domain_claim(&domains[i], 0);
    preempt_in = 0;
    preempt_each = false;
    machine_unreadable = NULL;
    machine_holders = NULL;
    machine_flat_code = true;
    flush_clock = 1;
    memset(flushed_at, 0, sizeof(flushed_at));
    memset(cached_writable, 0, sizeof(cached_writable));
    memset(cached_table, 0, sizeof(cached_table));
    for (unsigned i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++)
        hv_root_page[i] = UINT64_C(0x8000000000000063) + ((uint64_t)i << PAGE_SHIFT);
    cpus_online = (cpumask_t){{(1u << MACHINE_CPUS) - 1}};
    list_init(&domain_list);
    domain_setup(&io_domain, DOMID_IO);
    domain_setup(&xen_domain, DOMID_XEN);
    dom_io = &io_domain;
    dom_xen = &xen_domain;
    for (unsigned i = 0; i < 2; i++) {
        domain_setup(&domains[i], i);
        vcpu_setup(i);
        list_add_tail(&domain_list, &domains[i].all);
    }
    domains[0].is_privileged = domains[0].is_hardware = true;
    domain0 = &domains[0];
    machine_run(0);
    memory_setup();
    machine_flushes = machine_page_flushes = machine_cache_flushes = 0;
}

struct domain *machine_domain(unsigned id)
{
    return &domains[id];
}

void machine_run(unsigned id)
{
    host_current = &vcpus[id];
    host_cpu = id;
}

mfn_t machine_frame(struct domain *d)
{
    struct frame *f = domain_alloc_frames(d, 0, 0);

    return f ? frame_mfn(f) : INVALID_MFN;
}

void machine_preempt_after(unsigned calls)
{
    preempt_in = calls;
}

void machine_preempt_always(bool on)
{
    preempt_each = on;
}

bool preempt_needed(void)
{
    return preempt_each || (preempt_in && --preempt_in == 0);
}

long hypercall_restart_with(unsigned op, unsigned nargs, const uint64_t *args)
{
    last_restart = (struct restart){.called = true, .op = op, .nargs = nargs};
    memcpy(last_restart.args, args, nargs * sizeof(*args));
    return -ERESTART;
}

/* The guest's addresses for call arguments are the test's own. */
bool guest_range_ok(uint64_t va, size_t n)
{
    uint64_t end = va + n;

    return end >= va && (end <= UINT64_C(1) << 47 || va >= HV_VIRT_END);
}

bool copy_from_guest(void *dst, uint64_t va, size_t n)
{
    uint64_t bad = (uint64_t)machine_unreadable;

    if (!va || !guest_range_ok(va, n) || (bad && va < bad + PAGE_SIZE && va + n > bad))
        return false;
    memcpy(dst, (const void *)va, n);
    return true;
}

bool copy_to_guest(uint64_t va, const void *src, size_t n)
{
    if (!va || !guest_range_ok(va, n))
        return false;
    memcpy((void *)va, src, n);
    return true;
}

bool clear_guest(uint64_t va, size_t n)
{
    if (!va || !guest_range_ok(va, n))
        return false;
    memset((void *)va, 0, n);
    return true;
}

void log_at(enum log_level level, const char *fmt, ...)
{
}

void domain_ref(struct domain *d)
{
    d->refs++;
}

void domain_put(struct domain *d)
{
    if (d->refs-- == 0)
        panic("domain reference below zero");
}

struct domain *domain_get_foreign(domid_t id)
{
    struct domain *d = id == DOMID_SELF  ? current->domain
                       : id == DOMID_XEN ? dom_xen
                       : id < 2          ? &domains[id]
                                         : NULL;

    if (!d || (d != current->domain && !current->domain->is_privileged))
        return NULL;
    domain_ref(d);
    return d;
}

void grant_recount(const struct domain *d)
{
    if (d == domain0 && machine_holders)
        machine_holders();
}

bool mmio_allowed(const struct domain *d, mfn_t first, uint64_t frames)
{
    return d == domain0 && first.n >= DEVICE_FRAME && first.n < DEVICE_FRAME + 16;
}

bool mmio_read_only(mfn_t m)
{
    return m.n == READ_ONLY_DEVICE_FRAME;
}

void *zalloc(size_t size)
{
    return calloc(1, size);
}

void zfree(void *p)
{
    free(p);
}

void machine_at_clear(unsigned n, void (*call)(void))
{
    clears_left = n;
    at_clear = call;
}

void clear_page(void *page)
{
    if (draining)
        return;
    if (at_clear && --clears_left == 0) {
        void (*call)(void) = at_clear;

        at_clear = NULL;
        call();
    }
    memset(page, 0, PAGE_SIZE);
}

void copy_page(void *dst, const void *src)
{
    memcpy(dst, src, PAGE_SIZE);
}

void hypmap_fill_root(uint64_t *l4)
{
    memcpy(l4 + HV_SLOT_FIRST, hv_root + HV_SLOT_FIRST,
           (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * sizeof(*l4));
}

void hypmap_fill_compat_l2(uint64_t *l2, unsigned first)
{
    for (unsigned i = first; i < 512; i++)
        l2[i] = COMPAT_HOLE_ENTRY(i);
}

uint32_t hypmap_compat_m2p_bytes(const struct domain *d)
{
    return 2 << 20;
}

void root_load_current(void)
{
    current->memory.root_changed = false;
    machine_root_loads++;
}

void desc_load_gdt(const struct vcpu *v)
{
}

void desc_load_ldt(const struct vcpu *v)
{
}

bool desc_is_flat_code32(uint16_t selector)
{
    return machine_flat_code;
}

void inject_page_fault(uint64_t va, uint32_t error)
{
    machine_page_faults++;
}

static void flush_cpu(unsigned cpu)
{
    flushed_at[cpu] = ++flush_clock;
    memset(cached_writable[cpu], 0, sizeof(cached_writable[cpu]));
    memset(cached_table[cpu], 0, sizeof(cached_table[cpu]));
    machine_flushes++;
}

void tlb_flush_local(void)
{
    flush_cpu(host_cpu);
}

void tlb_flush_page_local(uint64_t va)
{
    machine_page_flushes++;
}

void tlb_flush_mask(const cpumask_t *cpus)
{
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++)
        if (bit_test(cpus->bits, cpu))
            flush_cpu(cpu);
}

/* One address of perhaps many: the model forgets nothing. */
void tlb_flush_page_mask(const cpumask_t *cpus, uint64_t va)
{
    machine_page_flushes++;
}

void tlb_domain_cpus(const struct domain *d, cpumask_t *out)
{
    *out = (cpumask_t){{0}};
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++)
        if (vcpus[cpu].domain == d)
            bit_set(out->bits, cpu);
}

void cache_flush_all(void)
{
}

void cache_flush_page(const void *page)
{
    machine_cache_flushes++;
}

uint32_t tlb_clock(void)
{
    return flush_clock;
}

void tlb_flush_needed(const cpumask_t *cpus, uint32_t stamp, cpumask_t *out)
{
    *out = (cpumask_t){{0}};
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++)
        if (stamp && bit_test(cpus->bits, cpu) && flushed_at[cpu] <= stamp)
            bit_set(out->bits, cpu);
}

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
}

/* Tables that this fill has been to on that CPU: bit per level. */
static uint8_t visited[MACHINE_FRAMES];

static void cache_table(unsigned cpu, const struct domain *d, mfn_t m, unsigned level)
{
    const uint64_t *table = mfn_to_virt(m);

    if (visited[m.n] & 1u << level)
        return;
    visited[m.n] |= 1u << level;
    cached_table[cpu][m.n] = true;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t e = table[i];

        if (!(e & PTE_PRESENT) || !mfn_valid(pte_mfn(e)) ||
            (level == 4 && i >= HV_SLOT_FIRST && i <= HV_SLOT_LAST))
            continue;
        if (level > 1)
            cache_table(cpu, d, pte_mfn(e), level - 1);
        else if (e & PTE_WRITE)
            cached_writable[cpu][pte_mfn(e).n] = true;
    }
}

void machine_tlb_fill(void)
{
    for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++) {
        struct vcpu_memory *m = &vcpus[cpu].memory;

        memset(visited, 0, sizeof(visited));
        if (mfn_is_named(m->kernel_root))
            cache_table(cpu, vcpus[cpu].domain, m->kernel_root, 4);
        if (mfn_is_named(m->user_root))
            cache_table(cpu, vcpus[cpu].domain, m->user_root, 4);
    }
}

void machine_tlb_check(void)
{
    for (unsigned n = 0; n < MACHINE_FRAMES; n++) {
        uint64_t word = frame_of(mfn(n))->type;
        bool live = word & TYPE_COUNT && frame_of(mfn(n))->count & COUNT_REFS;

        for (unsigned cpu = 0; live && cpu < MACHINE_CPUS; cpu++) {
            if (key_type(word) != FRAME_WRITABLE && cached_writable[cpu][n])
                panic("frame %x: a table or descriptor page with a stale writable entry", n);
            if (key_type(word) == FRAME_WRITABLE && cached_table[cpu][n])
                panic("frame %x: writable, and a stale entry still walks it as a table", n);
        }
    }
}
