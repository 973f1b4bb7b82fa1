/* sources: hypervisor/x86/irq.c hypervisor/x86/pirq.c hypervisor/x86/vectors.c hypervisor/lib/spinlock.c tests/host/panic.c */
/* The way of an interrupt to Domain0 and of the guest's word back, over a model of the I/O APIC and
 * of devices' messages. */
#include <stdlib.h>
#include <string.h>

#include "control/console.h"
#include "domain/domain.h"
#include "lib/alloc.h"
#include "lib/errno.h"
#include "lib/printk.h"
#include "memory/frame.h"
#include "memory/mapping.h"
#include "x86/acpi.h"
#include "x86/cpu.h"
#include "x86/current.h"
#include "x86/ioapic.h"
#include "x86/irq.h"
#include "x86/irq_table.h"
#include "x86/lapic.h"
#include "x86/pirq.h"
#include "x86/smp.h"
#include "x86/vectors.h"

#include <xen/physdev.h>

#include "check.h"

#define GSIS 24
#define PCI_GSI 17
#define ISA_GSI 6

static struct ioapic_route routes[GSIS];
static struct {
    uint32_t apic_id;
    uint8_t vector;
    bool masked;
    unsigned puts;
} device;
static unsigned eois, events, console_calls;
static uint32_t last_port;
#define EOI_PAGE mfn(1)
static _Alignas(4096) uint64_t memory[2 * 512];
static uint64_t *const eoi_page = memory + 512;
static unsigned eoi_page_refs;

struct acpi_info acpi;
uint32_t cpu_apic_id[MAX_CPUS] = {0, 2, 300};
cpumask_t cpus_online = {{7}};
struct vcpu *host_current;
unsigned host_cpu;
struct cpu_user_regs host_regs;
unsigned char *host_memory = (unsigned char *)memory;
void *host_frame_table;
uint64_t *host_m2p;

static struct domain domain0_, stranger;
static struct vcpu vcpu0, *vcpus[] = {&vcpu0};

/* The model. */

void irq_silence_legacy(void)
{
}

void lapic_init(void)
{
}

uint32_t lapic_id(void)
{
    return 0;
}

void lapic_eoi(void)
{
    eois++;
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < GSIS; i++)
        routes[i].masked = true;
}

unsigned ioapic_gsi_count(void)
{
    return GSIS;
}

/* The last line has no pin. */
bool ioapic_has_gsi(unsigned gsi)
{
    return gsi < GSIS - 1;
}

void ioapic_set_route(unsigned gsi, const struct ioapic_route *route)
{
    routes[gsi] = *route;
}

void ioapic_mask(unsigned gsi, bool masked)
{
    routes[gsi].masked = masked;
}

void msi_program(const struct msi *msi, uint32_t apic_id, uint8_t vector, bool masked)
{
    device.apic_id = apic_id;
    device.vector = vector;
    device.masked = masked;
}

void msi_mask(const struct msi *msi, bool masked)
{
    device.masked = masked;
}

void msi_put(struct msi *msi)
{
    device.puts++;
}

bool msi_same(const struct msi *a, const struct msi *b)
{
    return a->sbdf == b->sbdf && a->entry == b->entry;
}

void event_send_pirq(struct domain *d, uint32_t port)
{
    CHECK(d == &domain0_);
    events++;
    last_port = port;
}

void console_interrupt(void)
{
    console_calls++;
}

void *zalloc(size_t size)
{
    return calloc(1, size);
}

void zfree(void *p)
{
    free(p);
}

void log_at(enum log_level level, const char *fmt, ...)
{
}

bool mfn_valid(mfn_t m)
{
    return m.n == EOI_PAGE.n;
}

struct frame *frame_of(mfn_t m)
{
    return (void *)eoi_page;
}

int frame_get_typed(struct frame *f, struct domain *d, enum frame_type type)
{
    if (d != &domain0_)
        return -EINVAL;
    eoi_page_refs++;
    return 0;
}

void frame_put_typed(struct frame *f)
{
    eoi_page_refs--;
}

static void fire(unsigned cpu, uint8_t vector)
{
    host_cpu = cpu;
    irq_dispatch(vector);
    host_cpu = 0;
}

/* The tests. */

static void test_level(void)
{
    unsigned before = events;

    CHECK_EQ(pirq_bind(&domain0_, PCI_GSI, 5, false), -EINVAL);
    CHECK_EQ(pirq_map_gsi(PCI_GSI), 0);
    CHECK_EQ(pirq_map_gsi(PCI_GSI), 0);
    CHECK_EQ(pirq_setup_gsi(PCI_GSI, true, true), 0);
    CHECK_EQ(pirq_setup_gsi(PCI_GSI, false, false), -EEXIST);
    CHECK(routes[PCI_GSI].masked);
    CHECK_EQ(pirq_bind(&stranger, PCI_GSI, 5, false), -EPERM);
    CHECK_EQ(pirq_bind(&domain0_, PCI_GSI, 5, true), 0);
    CHECK_EQ(pirq_bind(&domain0_, PCI_GSI, 6, false), -EEXIST);
    CHECK(!routes[PCI_GSI].masked && routes[PCI_GSI].level && routes[PCI_GSI].active_low);

    /* Masked and ended at once; opened when the guest has dealt with it, however often it says so.
     */
    eois = 0;
    fire(0, routes[PCI_GSI].vector);
    CHECK_EQ(events, before + 1);
    CHECK_EQ(last_port, 5);
    CHECK_EQ(eois, 1);
    CHECK(routes[PCI_GSI].masked);
    CHECK_EQ(pirq_eoi(&stranger, PCI_GSI), -EINVAL);
    CHECK(routes[PCI_GSI].masked);
    CHECK_EQ(pirq_eoi(&domain0_, PCI_GSI), 0);
    CHECK(!routes[PCI_GSI].masked);
    CHECK_EQ(pirq_eoi(&domain0_, PCI_GSI), 0);
    CHECK(!routes[PCI_GSI].masked);

    /* Neither a late word from the guest nor a late interrupt opens a line that is not bound. */
    fire(0, routes[PCI_GSI].vector);
    pirq_unbind(&stranger, PCI_GSI);
    pirq_unbind(&domain0_, PCI_GSI);
    CHECK_EQ(pirq_eoi(&domain0_, PCI_GSI), 0);
    CHECK(routes[PCI_GSI].masked);
    before = events;
    fire(0, routes[PCI_GSI].vector);
    CHECK_EQ(events, before);
    CHECK(routes[PCI_GSI].masked);
    CHECK_EQ(pirq_bind(&domain0_, PCI_GSI, 7, false), 0);
    CHECK(!routes[PCI_GSI].masked);
}

static void test_edge(void)
{
    uint32_t flags = ~0u;

    CHECK_EQ(pirq_map_gsi(ISA_GSI), 0);
    CHECK_EQ(pirq_bind(&domain0_, ISA_GSI, 8, false), 0);
    fire(0, routes[ISA_GSI].vector);
    CHECK_EQ(last_port, 8);
    CHECK(!routes[ISA_GSI].masked && !routes[ISA_GSI].level);
    CHECK_EQ(pirq_status(ISA_GSI, &flags), 0);
    CHECK_EQ(flags, 0);
    CHECK_EQ(pirq_status(PCI_GSI, &flags), 0);
    CHECK_EQ(flags, XENIRQSTAT_needs_eoi);
    CHECK_EQ(pirq_status(nr_pirqs(), &flags), -EINVAL);
    CHECK_EQ(pirq_map_gsi(GSIS - 1), -EINVAL);
    CHECK_EQ(pirq_map_gsi(GSIS), -EINVAL);
    CHECK_EQ(pirq_map_gsi(~0u), -EINVAL);
}

/* ACPI says that ISA interrupt 0 is line 2, a level. */
static void test_override(void)
{
    CHECK_EQ(pirq_map_gsi(2), 0);
    CHECK_EQ(pirq_bind(&domain0_, 2, 9, false), 0);
    CHECK(routes[2].level && routes[2].active_low);
    pirq_unbind(&domain0_, 2);
}

static void test_console(void)
{
    unsigned before = events;

    CHECK_EQ(irq_claim_console(4), 0);
    CHECK_EQ(irq_claim_console(4), -EBUSY);
    CHECK_EQ(irq_claim_console(ISA_GSI), -EBUSY);
    CHECK_EQ(irq_claim_console(GSIS + 5), -ENODEV);
    CHECK_EQ(pirq_map_gsi(4), 0);
    CHECK_EQ(pirq_bind(&domain0_, 4, 10, false), -EBUSY);
    CHECK_EQ(pirq_setup_gsi(4, true, true), -EEXIST);
    fire(0, routes[4].vector);
    CHECK_EQ(console_calls, 1);
    CHECK_EQ(events, before);
    CHECK(!routes[4].masked);
    pirq_unbind(&domain0_, 4);
    CHECK_EQ(pirq_unmap(4), -EBUSY);
}

static void test_moves(void)
{
    struct irq *irq = irq_entry(PCI_GSI);
    uint8_t first = irq->vector, second;
    unsigned before = events;

    pirq_set_cpu(&stranger, PCI_GSI, 1);
    CHECK_EQ(irq->cpu, 0);
    pirq_set_cpu(&domain0_, PCI_GSI, 1);
    second = irq->vector;
    CHECK_EQ(routes[PCI_GSI].apic_id, 2);
    CHECK_EQ(routes[PCI_GSI].vector, second);
    /* What was on its way to the old place arrives. */
    fire(0, first);
    CHECK_EQ(events, before + 1);
    pirq_eoi(&domain0_, PCI_GSI);
    CHECK_EQ(vector_irq(0, first), PCI_GSI);
    fire(1, second);
    CHECK_EQ(events, before + 2);
    pirq_eoi(&domain0_, PCI_GSI);
    /* Then nothing comes there any more. */
    CHECK_EQ(vector_irq(0, first), NO_IRQ);
    /* A CPU that devices cannot name: the boot CPU instead. */
    pirq_set_cpu(&domain0_, PCI_GSI, 2);
    CHECK_EQ(irq->cpu, 0);
    CHECK(irq->vector != first);
    pirq_set_cpu(&domain0_, PCI_GSI, 1);
    CHECK_EQ(vector_irq(1, second), NO_IRQ);
    eois = 0;
    fire(0, first);
    CHECK_EQ(events, before + 2);
    CHECK_EQ(eois, 1);
}

static void test_msi(void)
{
    struct msi msi = {.sbdf = 0x10, .is_msix = true, .entry = 3};
    int pirq = pirq_map_msi(-1, &msi), other;
    uint8_t vector = device.vector;

    CHECK_EQ(pirq, nr_pirqs() - 1);
    CHECK(device.masked && vector != 0);
    CHECK_EQ(pirq_map_msi(-1, &msi), -EEXIST);
    CHECK_EQ(pirq_bind(&domain0_, pirq, 20, false), 0);
    CHECK(!device.masked);
    fire(0, vector);
    CHECK_EQ(last_port, 20);
    CHECK(!device.masked);
    CHECK_EQ(pirq_unmap(pirq), -EBUSY);
    CHECK_EQ(pirq_setup_gsi(pirq, true, true), -EINVAL);
    CHECK_EQ(pirq_map_gsi(pirq), -EINVAL);

    memset(&device, 0, sizeof(device));
    CHECK_EQ(pirq_restore_msi(0x11), -ENODEV);
    CHECK_EQ(pirq_restore_msi(0x10), 0);
    CHECK_EQ(device.vector, vector);

    msi.entry = 4;
    CHECK_EQ(pirq_map_msi(pirq, &msi), -EEXIST);
    CHECK_EQ(pirq_map_msi(3, &msi), -EINVAL);
    CHECK_EQ(pirq_map_msi(nr_pirqs(), &msi), -EINVAL);
    other = pirq_reserve();
    CHECK_EQ(other, nr_pirqs() - 2);
    CHECK_EQ(pirq_bind(&domain0_, other, 21, false), -EINVAL);
    CHECK_EQ(pirq_map_msi(other, &msi), other);

    pirq_unbind(&domain0_, pirq);
    CHECK(device.masked);
    CHECK_EQ(pirq_unmap(pirq), 0);
    CHECK_EQ(device.puts, 1);
    CHECK_EQ(pirq_unmap(pirq), -EINVAL);
    CHECK_EQ(pirq_unmap(other), 0);
    CHECK_EQ(vector_irq(0, vector), NO_IRQ);
    CHECK_EQ(pirq_unmap(nr_pirqs()), -EINVAL);
    CHECK_EQ(pirq_unmap(10), -EINVAL);
}

/* A guest that maps all it can runs out of vectors or of pirqs, gets an error, and leaves nothing.
 */
static void test_exhaustion(void)
{
    struct msi msi = {.sbdf = 0x20};
    unsigned mapped = 0;
    int pirq;

    while ((pirq = pirq_map_msi(-1, &msi)) >= 0) {
        msi.entry++;
        mapped++;
    }
    CHECK_EQ(pirq, -ENOSPC);
    /* Two CPUs' worth, though all were asked for on one. */
    CHECK(mapped > 300 && mapped < nr_pirqs());
    for (unsigned i = 0; i < mapped; i++)
        CHECK_EQ(pirq_unmap(nr_pirqs() - 1 - i), 0);
    pirq = pirq_map_msi(-1, &msi);
    CHECK(pirq >= 0);
    CHECK_EQ(pirq_unmap(pirq), 0);
}

static void test_eoi_page(void)
{
    CHECK_EQ(pirq_set_eoi_page(&domain0_, mfn(0)), -EINVAL);
    CHECK_EQ(pirq_set_eoi_page(&domain0_, EOI_PAGE), 0);
    CHECK_EQ(eoi_page[0], UINT64_C(1) << PCI_GSI);
    CHECK_EQ(pirq_set_eoi_page(&domain0_, EOI_PAGE), -EBUSY);
    CHECK_EQ(eoi_page_refs, 1);
    pirq_map_gsi(18);
    CHECK_EQ(pirq_bind(&domain0_, 18, 30, false), 0);
    CHECK_EQ(eoi_page[0], UINT64_C(3) << PCI_GSI);
    CHECK_EQ(pirq_setup_gsi(18, false, false), 0);
    CHECK_EQ(eoi_page[0], UINT64_C(1) << PCI_GSI);
}

static void test_end(void)
{
    irq_free_domain(&domain0_);
    CHECK(!domain0_.irqs);
    CHECK_EQ(eoi_page_refs, 0);
    CHECK(routes[PCI_GSI].masked && routes[ISA_GSI].masked && !routes[4].masked);
    CHECK_EQ(pirq_eoi(&domain0_, PCI_GSI), -EINVAL);
    free(irq_entry(0));
}

int main(void)
{
    acpi.isa[0] = (__typeof__(acpi.isa[0])){true, 2, true, true};
    domain0_.is_hardware = true;
    domain0_.vcpus = vcpus;
    spin_init(&domain0_.lock, LOCK_DOMAIN);
    vcpu0.domain = &domain0_;
    host_current = &vcpu0;
    irq_init();
    CHECK_EQ(irq_init_domain(&domain0_), 0);
    CHECK_EQ(irq_init_domain(&stranger), 0);
    CHECK(!stranger.irqs);
    test_level();
    test_edge();
    test_override();
    test_console();
    test_moves();
    test_msi();
    test_exhaustion();
    test_eoi_page();
    test_end();
    return check_report();
}
