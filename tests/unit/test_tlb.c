/* sources: tests/host/panic.c hypervisor/memory/tlb.c */
/* What of the flushes runs in a process: the choice of instruction, and the flush clock's use. */
#include "check.h"
#include "domain/domain.h"
#include "memory/hypmap.h"
#include "memory/tlb.h"
#include "x86/cpuid.h"
#include "x86/current.h"
#include "x86/smp.h"

enum root_mode root_mode;
cpumask_t cpus_online = {{3}};
unsigned host_cpu;
static unsigned calls;
static struct domain domain;
static struct vcpu vcpu = {.domain = &domain};
struct vcpu *host_current = &vcpu;

struct cpu_features cpu_features;
static enum remote_call last_call;

static unsigned long cr4 = CR4_PGE;
static unsigned cr3_loads, cr4_loads, pages, context_pages, cache_flushes;

void smp_call(const cpumask_t *cpus, enum remote_call call, uint64_t arg)
{
    calls++;
    last_call = call;
}

unsigned long read_cr3(void)
{
    return 0x1000;
}

void write_cr3(unsigned long value)
{
    CHECK_EQ(value, 0x1000);
    cr3_loads++;
}

unsigned long read_cr4(void)
{
    return cr4;
}

/* Only a change of PGE drops global translations. */
void write_cr4(unsigned long value)
{
    CHECK_EQ(value ^ cr4, CR4_PGE);
    cr4 = value;
    cr4_loads++;
}

void invlpg(const void *va)
{
    pages++;
}

void invpcid_address(uint64_t pcid, uint64_t va)
{
    CHECK_EQ(pcid, 1 + context_pages % 4);
    CHECK_EQ(va, 0x5000);
    context_pages++;
}

void wbinvd(void)
{
    cache_flushes++;
}

/* Who runs on each of two processors. */
unsigned char host_areas[2 * CPU_AREA_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void runs(unsigned cpu, struct vcpu *v)
{
    struct cpu_info *top = cpu_area(cpu, CPU_AREA_STACKS + STACK_MAIN_TOP);

    top[-1].vcpu = v;
}

/* A domain's translations are where its vCPUs run, and on no processor that is not there. */
static void domain_cpus(void)
{
    static struct domain other_domain;
    static struct vcpu second = {.domain = &domain}, other = {.domain = &other_domain};
    cpumask_t out = {{~UINT64_C(0)}};

    tlb_domain_cpus(&domain, &out);
    CHECK(cpumask_empty(&out));
    runs(0, &other);
    runs(1, &second);
    tlb_domain_cpus(&domain, &out);
    CHECK_EQ(out.bits[0], 2);
    tlb_domain_cpus(&other_domain, &out);
    CHECK_EQ(out.bits[0], 1);
    runs(0, &vcpu);
    tlb_domain_cpus(&domain, &out);
    CHECK_EQ(out.bits[0], 3);
    cpus_online = (cpumask_t){{1}};
    tlb_domain_cpus(&domain, &out);
    CHECK_EQ(out.bits[0], 1);
    cpus_online = (cpumask_t){{3}};
}

/* INVPCID refuses such addresses with a fault, which here would end the test. */
static void guest_addresses(void)
{
    static const uint64_t bad[] = {UINT64_C(1) << 47, UINT64_C(0x8000000000000000),
                                   UINT64_C(0xfffe800000000000), UINT64_C(0xffff7fffffffffff)};

    for (unsigned mode = ROOT_GLOBAL; mode <= ROOT_ISOLATED; mode++) {
        root_mode = mode;
        for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
            tlb_flush_page_local(bad[i]);
            CHECK_EQ(pages + context_pages, 0);
        }
    }
}

/* What drops everything, and what one address, in each mode. */
static void each_mode(void)
{
    uint32_t before = tlb_clock();

    root_mode = ROOT_GLOBAL;
    tlb_flush_local();
    tlb_flush_page_local(0x5000);
    root_mode = ROOT_ISOLATED;
    tlb_flush_local();
    tlb_flush_page_local(0x5000);
    CHECK(cr4 == CR4_PGE && cr4_loads == 2 && cr3_loads == 1 && pages == 2);
    CHECK_EQ(tlb_clock() - before, 4);
    root_mode = ROOT_ISOLATED_PCID;
    tlb_flush_local();
    CHECK_EQ(cr4_loads, 4);
    /* Without the instruction for one context all goes; a 32-bit guest has one context. */
    tlb_flush_page_local(0x5000);
    CHECK(cr4_loads == 6 && !context_pages);
    cpu_features.invpcid = true;
    tlb_flush_page_local(0x5000);
    CHECK_EQ(context_pages, 4);
    domain.is_compat = true;
    tlb_flush_page_local(0x5000);
    CHECK(pages == 3 && context_pages == 4 && cr4_loads == 6);
    domain.is_compat = false;
    root_mode = ROOT_GLOBAL;
}

/* This processor's flush makes what is older harmless for it, and for it alone. */
static void stamps(void)
{
    uint32_t stamp = tlb_clock();
    cpumask_t out, mine = {{1}}, both = {{3}};

    tlb_flush_mask(&mine);
    tlb_flush_needed(&cpus_online, stamp, &out);
    CHECK_EQ(out.bits[0], 2);
    CHECK_EQ(calls, 0);
    tlb_flush_page_mask(&mine, 0x5000);
    CHECK_EQ(calls, 0);
    tlb_flush_mask(&both);
    CHECK(calls == 1 && last_call == REMOTE_FLUSH);
    tlb_flush_page_mask(&both, 0x5000);
    CHECK(calls == 2 && last_call == REMOTE_FLUSH_PAGE);
    calls = 0;
}

static void caches(void)
{
    static char page[4096] __attribute__((aligned(4096)));

    cache_flush_page(page);
    cache_flush_all();
    CHECK(cache_flushes == 1 && calls == 1 && last_call == REMOTE_CACHE_FLUSH);
    cpus_online = (cpumask_t){{1}};
    cache_flush_all();
    CHECK(cache_flushes == 2 && calls == 1);
    cpus_online = (cpumask_t){{3}};
    calls = 0;
}

static void clock_and_stamps(void)
{
    cpumask_t out;

    CHECK(tlb_clock() != 0);
    tlb_flush_needed(&cpus_online, 0, &out);
    CHECK(cpumask_empty(&out));
    tlb_flush_needed(&cpus_online, tlb_clock(), &out);
    CHECK_EQ(out.bits[0], 3);
    /* From before the clock's low half began anew: flushed to be sure. */
    tlb_flush_needed(&cpus_online, 0xfffffff0, &out);
    CHECK_EQ(out.bits[0], 3);
}

static void others_are_called(void)
{
    cpumask_t other = {{2}};

    calls = 0;

    tlb_flush_mask(&other);
    tlb_flush_page_mask(&other, 0x1000);
    CHECK_EQ(calls, 2);
    calls = 0;
}

int main(void)
{
    domain_cpus();
    guest_addresses();
    clock_and_stamps();
    others_are_called();
    each_mode();
    stamps();
    caches();
    return check_report();
}
