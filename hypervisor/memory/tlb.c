/*
 * TLB flushes in the three root modes, and the flush clock.
 *
 * Without isolation guests' user mappings are global, and with PCIDs several contexts hold
 * translations: in both, a change of CR4.PGE is what drops everything (SDM vol. 3, 4.10.4.1). With
 * isolation but no PCID nothing outlives a load of CR3.
 */
#include "memory/tlb.h"

#include "domain/domain.h"
#include "memory/hypmap.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/smp.h"

#define LAST_PCID 4u /* contexts 1 to 4: two modes, each as Ringfort and as guests see it */

/* Every full flush advances the clock, by two: it stays odd, and no stamp, its low half, is 0. A
 * CPU's entry is the clock's value at its last flush. */
#define CLOCK_STEP 2
static uint64_t flush_clock = 1;
static struct {
    uint64_t at;
} CACHE_ALIGNED flushed[MAX_CPUS];

static void drop_everything(void)
{
    if (root_mode == ROOT_ISOLATED) {
        write_cr3(read_cr3());
    } else {
        unsigned long flags = irq_save(), cr4 = read_cr4();

        write_cr4(cr4 ^ CR4_PGE);
        write_cr4(cr4);
        irq_restore(flags);
    }
}

void tlb_flush_local(void)
{
    unsigned long flags = irq_save();
    uint64_t at = __atomic_add_fetch(&flush_clock, CLOCK_STEP, __ATOMIC_SEQ_CST);

    drop_everything();
    WRITE_ONCE(flushed[this_cpu()].at, at);
    irq_restore(flags);
}

void tlb_flush_page_local(uint64_t va)
{
    /* Guests choose the address. INVLPG ignores one that is not canonical, INVPCID faults. */
    if ((uint64_t)((int64_t)(va << 16) >> 16) != va)
        return;
    /* A 32-bit guest runs in the context that is loaded now. */
    if (root_mode != ROOT_ISOLATED_PCID || current->domain->is_compat) {
        invlpg((const void *)va);
    } else if (cpu_features.invpcid) {
        for (unsigned pcid = 1; pcid <= LAST_PCID; pcid++)
            invpcid_address(pcid, va);
    } else {
        tlb_flush_local();
    }
}

/* Splits this CPU off a set; true when others are left. */
static bool others_of(const cpumask_t *cpus, cpumask_t *others)
{
    *others = *cpus;
    bit_clear(others->bits, this_cpu());
    return !cpumask_empty(others);
}

void tlb_flush_mask(const cpumask_t *cpus)
{
    cpumask_t others;

    if (bit_test(cpus->bits, this_cpu()))
        tlb_flush_local();
    if (others_of(cpus, &others))
        smp_call(&others, REMOTE_FLUSH, 0);
}

void tlb_flush_page_mask(const cpumask_t *cpus, uint64_t va)
{
    cpumask_t others;

    if (bit_test(cpus->bits, this_cpu()))
        tlb_flush_page_local(va);
    if (others_of(cpus, &others))
        smp_call(&others, REMOTE_FLUSH_PAGE, va);
}

void tlb_domain_cpus(const struct domain *d, cpumask_t *out)
{
    unsigned cpu;

    *out = (cpumask_t){{0}};
    /* The caller's changes of tables become visible before the look. A CPU that is not seen to have
     * taken a vCPU of the domain loads its root later, and then walks the new tables. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    /* A CPU that takes another vCPU drops the translations of the one before, so the present ones
     * are all there is. */
    for_each_cpu (cpu, &cpus_online) {
        const struct cpu_info *info = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);
        const struct vcpu *v = READ_ONCE(info[-1].vcpu);

        if (v && v->domain == d)
            bit_set(out->bits, cpu);
    }
}

void cache_flush_all(void)
{
    cpumask_t others;

    wbinvd();
    if (others_of(&cpus_online, &others))
        smp_call(&others, REMOTE_CACHE_FLUSH, 0);
}

void cache_flush_page(const void *page)
{
    for (unsigned i = 0; i < PAGE_SIZE; i += CACHE_LINE)
        asm volatile("clflush %0" ::"m"(*((const char *)page + i)) : "memory");
    asm volatile("mfence" ::: "memory");
}

uint32_t tlb_clock(void)
{
    return READ_ONCE(flush_clock);
}

void tlb_flush_needed(const cpumask_t *cpus, uint32_t stamp, cpumask_t *out)
{
    uint64_t now = READ_ONCE(flush_clock);
    /* The stamp's full value, or a later one when it is older than its 32 bits tell. */
    uint64_t stamped = now - (uint32_t)(now - stamp);
    unsigned cpu;

    *out = (cpumask_t){{0}};
    if (!stamp)
        return;
    for_each_cpu (cpu, cpus)
        if (READ_ONCE(flushed[cpu].at) <= stamped)
            bit_set(out->bits, cpu);
}
